/** A process that runs cases as it is told. Before each input it notes the seed in a file, which tells what it hung on or died of. */

import { mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type FuzzCase, placeIn } from "./fuzz-case.ts";
import { childProcesses, type Outcome, runCase } from "./run-case.ts";

/** Inputs of a case from a seed on. */
export interface Task {
  readonly name: string;
  readonly seed: number;
  readonly count: number;
}

export type Answer =
  | { readonly type: "done"; readonly outcome: Outcome }
  | { readonly type: "ended"; readonly children: number };

const [, , table, notes] = process.argv;
if (!table || !notes) throw new Error("usage: worker.ts <table of cases> <file for notes>");
// Errors are many here, and their stacks the dearest part.
Error.stackTraceLimit = 4;
const { cases } = (await import(table)) as { readonly cases: readonly FuzzCase[] };

/** Children that are none of a case's: the TypeScript loader has one. */
const own = childProcesses().length;

const folder = mkdtempSync(join(process.env.RLRR_FUZZ_FOLDER || tmpdir(), "rlrr-fuzz-"));
process.env.RLRR_CACHE = join(folder, "cache");
const note = openSync(notes, "w");
const seedBytes = Buffer.alloc(8);
const onSeed = (seed: number) => {
  seedBytes.writeDoubleLE(seed);
  writeSync(note, seedBytes, 0, 8, 0);
};

const tell = (answer: Answer): void => void process.send?.(answer);

async function perform({ name, seed, count }: Task): Promise<void> {
  const one = cases.find((row) => row.name === name);
  if (!one) throw new Error(`there is no case ${name}`);
  const place = placeIn(mkdtempSync(join(folder, `${name}-`)));
  const outcome = await runCase(one, { seed, count, place, onSeed });
  rmSync(place.folder, { recursive: true, force: true });
  tell({ type: "done", outcome });
}

async function end(): Promise<void> {
  for (const { close } of cases) await close?.();
  rmSync(folder, { recursive: true, force: true });
  // What ends by itself when it is idle does so within five seconds.
  for (let tries = 0; tries < 100 && childProcesses().length > own; tries++)
    await new Promise((resolve) => setTimeout(resolve, 100));
  tell({ type: "ended", children: childProcesses().length - own });
  process.disconnect();
}

process.on("message", (task: Task | "end") => void (task === "end" ? end() : perform(task)));
// Whoever asked is gone.
process.on("disconnect", () => {
  rmSync(folder, { recursive: true, force: true });
  process.exit();
});
