/** What rlrr export and rlrr pack share: flags of the images that a result is compared on, and how its making is shown. */

import { Option } from "commander";
import { type ExportOptions, loadMethodFile } from "../node.ts";
import { type EngineFlags, engineOptions, openChosenEngine } from "./engine-options.ts";
import { interruption } from "./exit.ts";
import { ownMethodOption } from "./method-options.ts";
import { headsOption, jsonOption } from "./options.ts";
import { print, say, tell } from "./output.ts";
import { showImages } from "./show-images.ts";
import { showReading } from "./show-reading.ts";

export interface ComparingFlags
  extends EngineFlags,
    Pick<ExportOptions, "model" | "data" | "split" | "acceptLoss" | "heads"> {
  readonly out: string;
  /** A file that defines the adapter's method. */
  readonly method?: string;
  readonly json?: boolean;
}

/** `kept` is what the flag of a loss keeps: "a file". */
export const comparingOptions = (kept: string): Option[] => [
  new Option("--data <path>", "images to compare on (default: those that validated the adapter)"),
  new Option("--split <name>", "split of the images to compare on").choices(["train", "val", "test"]),
  new Option("--accept-loss", `keep ${kept} that gives another label for more than 0.3 % of the images`),
  ownMethodOption(),
  headsOption(),
  ...engineOptions(),
  jsonOption(),
];

type Shared = Pick<
  ExportOptions,
  "method" | "engine" | "threads" | "signal" | "onProgress" | "onCompare" | "onNote"
>;

interface Making<Made> {
  readonly make: (shared: Shared) => Promise<Made>;
  /** Of its JSON line. */
  readonly type: string;
  readonly render: (made: Made) => string;
}

/** Makes it with an engine and a method that the flags name, and prints what came of it. */
export async function makeCompared<Made extends object>(
  { method: file, json = false, provider, threads }: ComparingFlags,
  { make, type, render }: Making<Made>,
): Promise<void> {
  const method = file === undefined ? undefined : await loadMethodFile(file);
  const [reading, images] = [showReading({ json }), showImages({ json })];
  const engine = await openChosenEngine({ provider, threads });
  try {
    const shown = { onProgress: reading.show, onCompare: images.show, onNote: tell };
    const made = await make({ method, engine, threads, signal: interruption, ...shown });
    images.close();
    if (json) await print(`${JSON.stringify({ type, ...made })}\n`);
    else await say(render(made));
  } finally {
    reading.close();
    images.close();
    await engine.close();
  }
}
