/** The flags that choose an engine, and the engine that they choose. */

import { Option } from "commander";
import { type Engine, openEngine } from "../node.ts";
import { wholeNumberOption } from "./options.ts";

export interface EngineFlags {
  readonly provider?: string | undefined;
  readonly threads?: number | undefined;
}

export const engineOptions = (): Option[] => [
  new Option("--provider <name>", "execution provider of the engine (default: cpu)"),
  wholeNumberOption("--threads <n>", "threads of the engine (default: the available cores)"),
];

/** Opens the engine; what its user should know goes to stderr. */
export async function openChosenEngine({ provider, threads }: EngineFlags): Promise<Engine> {
  const engine = await openEngine({ provider, threads });
  for (const note of engine.notes) process.stderr.write(`${note}\n`);
  return engine;
}
