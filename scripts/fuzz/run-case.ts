/** Runs a case on a row of seeds and says what went wrong: a foreign error, too long, too much memory, a process left. */

import { readdirSync, readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { RlrrError } from "../../src/errors.ts";
import { type FuzzCase, makeInput, type Place } from "./fuzz-case.ts";

/** No input of some kilobytes is worth more. Of the processor's time, as the machine may be busy with something else. */
export const MOST_SECONDS = 2;
/** Where nothing is computed either: the hub's client waits 1.5 seconds in all before it gives up a broken line. */
export const MOST_WAITED_SECONDS = 20;
/** What the heap and its buffers may grow by over a row of inputs, when all that can be collected has been. */
export const MOST_GROWTH_BYTES = 24 * 2 ** 20;

export interface Failure {
  readonly name: string;
  readonly seed: number;
  /** What is wrong, the first line of an error's stack with it. */
  readonly what: string;
}

export interface Outcome {
  readonly name: string;
  readonly inputs: number;
  /** Of these, how many were refused with an error of ours. */
  readonly refused: number;
  readonly seconds: number;
  readonly failures: readonly Failure[];
}

export interface Row {
  /** The first seed. */
  readonly seed: number;
  readonly count: number;
  readonly place: Place;
  /** Called before each input, so that a hang or a crash has a seed. */
  readonly onSeed?: (seed: number) => void;
}

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

/** What is still closing, such as a file that has just been read, lets go of its buffers only later. */
async function heldBytes(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    await setTimeout(10);
    collect();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Why an error is not one that a user should ever see; undefined where it is ours. */
function faultOf(error: unknown): string | undefined {
  if (error instanceof RlrrError) return undefined;
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return stack.split("\n").slice(0, 4).join("\n").slice(0, 1200);
}

/** Runs one input; what is wrong with how it was read, and whether it was refused. */
async function runInput(
  { run }: FuzzCase,
  input: Uint8Array,
  place: Place,
): Promise<{ readonly refused: boolean; readonly fault: string | undefined }> {
  const began = performance.now();
  const cpu = process.cpuUsage();
  let refused = false;
  let fault: string | undefined;
  try {
    await run(input, place);
  } catch (error) {
    refused = true;
    fault = faultOf(error);
  }
  const seconds = (performance.now() - began) / 1000;
  if (fault === undefined && seconds > MOST_SECONDS) {
    const { user, system } = process.cpuUsage(cpu);
    const busy = (user + system) / 1e6;
    if (busy > MOST_SECONDS || seconds > MOST_WAITED_SECONDS)
      fault = `it took ${seconds.toFixed(1)} s, ${busy.toFixed(1)} s of them computing`;
  }
  return { refused, fault };
}

/** Runs the inputs of `count` seeds. Of a case's failures the first few are enough. */
export async function runCase(one: FuzzCase, { seed, count, place, onSeed }: Row): Promise<Outcome> {
  const corpus = await one.corpus(place);
  const failures: Failure[] = [];
  const { name } = one;
  let [refused, inputs, before] = [0, 0, 0];
  const began = performance.now();
  // What is loaded and cached by the first inputs is no growth.
  const warm = Math.min(50, Math.floor(count / 2));
  for (let at = seed; at < seed + count && failures.length < 5; at++) {
    if (inputs === warm) before = await heldBytes();
    onSeed?.(at);
    const outcome = await runInput(one, makeInput(one, { seed: at, corpus }), place);
    inputs++;
    if (outcome.refused) refused++;
    if (outcome.fault !== undefined) failures.push({ name, seed: at, what: outcome.fault });
  }
  const growth = (await heldBytes()) - before;
  if (failures.length === 0 && growth > MOST_GROWTH_BYTES)
    failures.push({
      name,
      seed,
      what: `memory grew by ${Math.ceil(growth / 2 ** 20)} MiB over ${count} inputs`,
    });
  return { name, inputs, refused, seconds: (performance.now() - began) / 1000, failures };
}

/** The children of this process; where the system does not tell, none. */
export function childProcesses(): readonly number[] {
  try {
    return readdirSync("/proc").flatMap((entry) =>
      /^\d+$/.test(entry) && parentOf(entry) === process.pid ? [Number(entry)] : [],
    );
  } catch {
    return [];
  }
}

function parentOf(id: string): number | undefined {
  try {
    const [, parent] = /\) \S (\d+) /.exec(readFileSync(`/proc/${id}/stat`, "utf8")) ?? [];
    return Number(parent);
  } catch {
    return undefined; // it has just ended
  }
}
