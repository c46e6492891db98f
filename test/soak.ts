/** Kills training runs, by the clock and at chosen calls of the file system, and checks that each resumes to the same results. */

import { spawn } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Engine } from "../src/engine/engine.ts";
import { randomStream } from "../src/random.ts";
import type { RecipeInput } from "../src/train/recipe.ts";
import { collectEvents, only, resultsOf, tinyRecipe, tinyTraining } from "./tiny-training.ts";

export interface SoakOptions {
  /** A folder for everything, outside of which nothing is written. */
  readonly root: string;
  readonly engine: Engine;
  /** Kills at random moments, and at chosen calls: every kind of call on every file before any a second time. */
  readonly random: number;
  readonly chosen: number;
  readonly seed: number;
  readonly tell?: (line: string) => void;
}

interface Instants {
  readonly all: number;
  /** Of different calls or files. */
  readonly kinds: number;
}

export interface SoakResult {
  /** Processes that really were killed, not those that ended earlier. */
  readonly killed: { readonly random: number; readonly chosen: number };
  /** Moments of a run from its beginning, and of one that resumes after a kill. */
  readonly instants: { readonly fresh: Instants; readonly resumed: Instants };
  /** Where each went on: optimizer steps that were saved, and how often. */
  readonly resumedAt: Readonly<Record<number, number>>;
  readonly failures: readonly string[];
}

/** Saved after every step, with everything random there is. */
const recipe: RecipeInput = {
  ...tinyRecipe,
  ...{ epochs: 2, batchSize: 12, microBatchSize: 6, dropout: 0.1, checkpointSeconds: 0 },
};

const child = fileURLToPath(new URL("train-child.ts", import.meta.url));
const hook = new URL("kill-at-call.mjs", import.meta.url).href;
/** What a finished run's folder holds, and nothing else. */
const wholeRun = [
  "adapter",
  "checkpoint.safetensors",
  "metrics.jsonl",
  "report.html",
  "run.json",
  "steps.csv",
];

interface Kill {
  readonly out: string;
  /** At this instant, or so many milliseconds after the first event; neither lets it run to its end. */
  readonly at?: number;
  readonly afterMs?: number;
}

interface Ended {
  readonly killed: boolean;
  /** From the first event to the end. */
  readonly tookMs: number;
}

/** One soak; `tell` hears of each kill. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const { root, engine, seed, tell = () => {} } = options;
  const common = { ...(await tinyTraining(root, engine)), recipe };
  const list = join(root, "instants");

  async function run({ out, at, afterMs }: Kill): Promise<Ended> {
    const argument = JSON.stringify({ root, recipe, out, resume: true });
    const env = { ...process.env, KILL_UNDER: out, KILL_LIST: list };
    const program = spawn(process.execPath, ["--import", "tsx", "--import", hook, child, argument], {
      stdio: ["ignore", "pipe", "inherit"],
      env: at === undefined ? env : { ...env, KILL_AT: String(at) },
    });
    const ended = new Promise((resolve) => program.once("close", resolve));
    await Promise.race([new Promise((resolve) => program.stdout.once("data", resolve)), ended]);
    const began = performance.now();
    program.stdout.resume();
    if (afterMs !== undefined) {
      await Promise.race([setTimeout(afterMs), ended]);
      program.kill("SIGKILL");
    }
    await ended;
    return { killed: program.signalCode === "SIGKILL", tookMs: performance.now() - began };
  }

  const whole = join(root, "whole");
  const { tookMs } = await run({ out: whole });
  const fresh = readFileSync(list, "utf8").split("\n");
  const expected = resultsOf(whole);
  /** Killed between two renames of its last epoch's adapter or nearby: the others resume from it. */
  const half = join(root, "half");
  await run({ out: half, at: Math.round(fresh.length / 2) });
  const out = join(root, "run");
  const begin = (resumed: boolean) => {
    rmSync(out, { recursive: true, force: true });
    if (resumed) cpSync(half, out, { recursive: true });
  };
  begin(true);
  await run({ out });
  const resumed = readFileSync(list, "utf8").split("\n");

  const killed = { random: 0, chosen: 0 };
  const resumedAt: Record<number, number> = {};
  const failures: string[] = [];
  async function attempt(
    kind: keyof typeof killed,
    kill: Omit<Kill, "out">,
    fromHalf: boolean,
  ): Promise<void> {
    const name = `${kind} kill ${JSON.stringify(kill)} of a ${fromHalf ? "resumed" : "new"} run`;
    begin(fromHalf);
    const ended = await run({ out, ...kill });
    if (ended.killed) killed[kind]++;
    const outcome = await goOn().catch((error: unknown) => String(error));
    if (outcome !== undefined) failures.push(`${name}: ${outcome}`);
    tell(`${name}: ${ended.killed ? "killed" : "ended before"}, ${outcome ?? "went on to the same bits"}`);
  }

  /** What is wrong with the run after it has gone on. */
  async function goOn(): Promise<string | undefined> {
    const events = await collectEvents({ ...common, out, resume: true });
    const step = only(events, "start")[0]?.resumedAt ?? only(events, "done")[0]?.step ?? -1;
    resumedAt[step] = (resumedAt[step] ?? 0) + 1;
    const names = readdirSync(out).sort();
    if (names.join() !== wholeRun.join()) return `its folder holds ${names.join(", ")}`;
    const results = resultsOf(out);
    if (results.adapter !== expected.adapter) return "its adapter is another";
    return results.metrics === expected.metrics ? undefined : "its metrics are others";
  }

  mkdirSync(root, { recursive: true });
  const [ofNew, ofResumed] = [chooseInstants(fresh, seed), chooseInstants(resumed, seed + 1)];
  for (let index = 0; index < options.chosen; index++) {
    const at = (index % 2 === 1 ? ofResumed : ofNew).next().value;
    if (at !== undefined) await attempt("chosen", { at }, index % 2 === 1);
  }
  const delays = randomStream(seed, "soak").fillUniform(new Float32Array(options.random), { high: tookMs });
  for (const [index, delay] of delays.entries())
    await attempt("random", { afterMs: Math.round(delay) }, index % 2 === 1);
  return { killed, instants: { fresh: sizes(fresh), resumed: sizes(resumed) }, resumedAt, failures };
}

const sizes = (instants: readonly string[]): Instants => ({
  all: instants.length,
  kinds: new Set(instants).size,
});

/**
 * Instants, counted from 1, in an order in which each kind has its turn: first the kinds around locks and renames, then the others,
 * shuffled, and those of a kind too.
 */
function* chooseInstants(instants: readonly string[], seed: number): Generator<number, undefined, void> {
  const shuffled = randomStream(seed, "instants").permutation(instants.length);
  const kinds = new Map<string, number[]>();
  for (const index of shuffled) {
    const kind = String(instants[index]);
    kinds.set(kind, [...(kinds.get(kind) ?? []), index + 1]);
  }
  const isNear = (kind: string) => /rename|lock/.test(kind);
  const ordered = [...kinds].sort(([a], [b]) => Number(isNear(b)) - Number(isNear(a)));
  for (let turn = 0; turn < instants.length; turn++)
    for (const [, places] of ordered) yield* places.slice(turn, turn + 1);
  return undefined;
}
