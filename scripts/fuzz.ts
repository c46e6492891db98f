/**
 * npm run fuzz: damages sound inputs of every reader and sees that each is read or refused with an error of ours, in
 * bounded time and memory. --seed N --count N --reader NAME --minutes M; an input in a file: --reader NAME --input FILE.
 */

import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type FuzzCase, makeInput, placeIn } from "./fuzz/fuzz-case.ts";
import type { Failure, Outcome } from "./fuzz/run-case.ts";
import { runCases } from "./fuzz/run-cases.ts";
import { tasksOf } from "./fuzz/shares.ts";
import { cases } from "./fuzz/table.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    count: { type: "string", default: "20000" },
    reader: { type: "string" },
    minutes: { type: "string" },
    input: { type: "string" },
    processes: { type: "string", default: "2" },
  },
});
const [seed, count, processes] = [values.seed, values.count, values.processes].map(Number) as [
  number,
  number,
  number,
];
const chosen = values.reader === undefined ? cases : cases.filter(({ name }) => name === values.reader);
if (chosen.length === 0)
  throw new Error(
    `There is no reader "${values.reader}". Known: ${cases.map(({ name }) => name).join(", ")}.`,
  );

const freshPlace = () => placeIn(mkdtempSync(join(tmpdir(), "rlrr-fuzz-")));

/** Reads the input of a file here, where a debugger sees it. */
async function runFile(one: FuzzCase, path: string): Promise<void> {
  const place = freshPlace();
  await one.corpus(place);
  await one.run(readFileSync(path), place);
  await one.close?.();
}

/** Writes what failed to a file; the command that reads it again. */
async function keep({ name, seed: at, what }: Failure): Promise<string> {
  const one = cases.find((row) => row.name === name);
  if (!one) return what;
  const folder = join(tmpdir(), "rlrr-fuzz-failures");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${name}-${at}`);
  writeFileSync(path, makeInput(one, { seed: at, corpus: await one.corpus(freshPlace()) }));
  return `${name}, seed ${at}: ${what}
  again: npx tsx scripts/fuzz.ts --reader ${name} --seed ${at} --count 1
  or:    npx tsx scripts/fuzz.ts --reader ${name} --input ${path}`;
}

/** What the outcomes of each case come to. */
function summarise(outcomes: readonly Outcome[]): string {
  const lines = cases.flatMap(({ name }) => {
    const own = outcomes.filter((outcome) => outcome.name === name);
    const sum = (key: "inputs" | "refused" | "seconds") =>
      own.reduce((total, outcome) => total + outcome[key], 0);
    const rate = Math.round(sum("inputs") / Math.max(0.001, sum("seconds")));
    return own.length === 0
      ? []
      : [`${name}: ${sum("inputs")} inputs, ${sum("refused")} refused, ${rate} a second`];
  });
  const all = outcomes.reduce((total, { inputs }) => total + inputs, 0);
  return `${lines.join("\n")}\nseed ${seed}, all readers: ${all} inputs`;
}

if (values.input !== undefined) {
  const [one] = chosen;
  if (one === undefined || chosen.length > 1) throw new Error("--input needs --reader.");
  await runFile(one, values.input);
} else {
  const began = performance.now();
  const until = values.minutes === undefined ? undefined : began + Number(values.minutes) * 60_000;
  const failures: string[] = [];
  const outcomes = await runCases({
    table: new URL("fuzz/table.ts", import.meta.url),
    tasks: tasksOf(chosen, { seed, count }),
    processes,
    ...(until !== undefined && { until }),
    onOutcome: ({ failures: found }) => {
      for (const { name, seed: at, what } of found) console.error(`${name}, seed ${at}: ${what}`);
    },
  });
  for (const failure of outcomes.flatMap(({ failures: found }) => found)) failures.push(await keep(failure));
  for (const { close } of chosen) await close?.();
  console.log(`${summarise(outcomes)} in ${Math.round((performance.now() - began) / 1000)} s
failed: ${failures.length}${failures.map((line) => `\n${line}`).join("")}`);
  process.exitCode = failures.length > 0 ? 1 : 0;
}
process.exit();
