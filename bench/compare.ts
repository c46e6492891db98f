/** Times the official PyTorch step and ours by turns on this machine, and prints the ratios of speed and memory. */

import { spawn } from "node:child_process";
import { cpus, totalmem } from "node:os";
import { resolve as resolvePath } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { EngineError, InputError, RlrrError } from "../src/errors.ts";

const USAGE = `npx tsx bench/compare.ts --official DIR [--python python3] [--model vit-b16] [--batch-size 8]
                         [--classes 100] [--steps 5] [--rounds 3] [--json]`;

/** What both benches say in the last line that they print. */
interface Measurement {
  readonly imagesPerSecond: number;
  readonly peakRssBytes: number;
  readonly [fact: string]: unknown;
}

interface Round {
  readonly official: Measurement;
  readonly ours: Measurement;
  /** Ours over theirs: above 1 is faster. */
  readonly speed: number;
  /** Ours over theirs: below 1 is smaller. */
  readonly memory: number;
}

const root = fileURLToPath(new URL("..", import.meta.url));

function parse() {
  try {
    return parseOptions();
  } catch (error) {
    throw new InputError(`${error instanceof Error ? error.message : error}\n${USAGE}`);
  }
}

function parseOptions() {
  return parseArgs({
    options: {
      official: { type: "string" },
      python: { type: "string", default: "python3" },
      model: { type: "string", default: "vit-b16" },
      "batch-size": { type: "string", default: "8" },
      classes: { type: "string", default: "100" },
      steps: { type: "string", default: "5" },
      rounds: { type: "string", default: "3" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  }).values;
}

function readOptions() {
  const values = parse();
  if (values.help) return undefined;
  if (values.official === undefined) {
    throw new InputError(`--official is missing. bench/peers/README.md says how to get it.\n${USAGE}`);
  }
  const rounds = Number(values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new InputError(`--rounds must be a whole number above 0, got "${values.rounds}".`);
  }
  const step = ["--model", values.model, "--batch-size", values["batch-size"], "--classes", values.classes];
  return { ...values, official: values.official, rounds, step: [...step, "--steps", values.steps, "--json"] };
}

/** Runs a bench to its end and gives its last line. Its stderr goes to ours. */
function lastLine(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
    child.once("error", (cause) => {
      reject(new EngineError(`${command} did not start: ${cause.message}.`, { cause }));
    });
    child.once("close", (code) => {
      if (code !== 0) reject(new EngineError(`${command} ${args.join(" ")} ended with exit code ${code}.`));
      else resolve(output.trim().split("\n").at(-1) ?? "");
    });
  });
}

async function measure(command: string, args: readonly string[]): Promise<Measurement> {
  const line = await lastLine(command, args);
  const value = parseOrUndefined(line);
  if (isMeasurement(value)) return value;
  throw new EngineError(`${command}: the last line has no imagesPerSecond and peakRssBytes: "${line}".`);
}

function parseOrUndefined(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

function isMeasurement(value: unknown): value is Measurement {
  if (typeof value !== "object" || value === null) return false;
  const { imagesPerSecond, peakRssBytes } = value as Record<string, unknown>;
  return typeof imagesPerSecond === "number" && typeof peakRssBytes === "number";
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  const [low = Number.NaN, high = Number.NaN] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]];
  return (low + high) / 2;
}

function print(index: number, { official, ours, speed, memory }: Round): void {
  const row = ({ imagesPerSecond, peakRssBytes }: Measurement) =>
    `${imagesPerSecond.toFixed(3)} images/s, ${(peakRssBytes / 2 ** 20).toFixed(0)} MiB`;
  console.log(`round ${index}: official ${row(official)}; ours ${row(ours)}`);
  console.log(`         speed × ${speed.toFixed(2)}, memory × ${memory.toFixed(2)}`);
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options === undefined) return console.log(USAGE);
  const official = [
    "bench/peers/official_step.py",
    "--official",
    resolvePath(options.official),
    ...options.step,
  ];
  const ours = ["bin/rlrr.mjs", "bench", "step", ...options.step];
  const rounds: Round[] = [];
  // By turns, A B A B: a machine that slows down over minutes then slows both down.
  for (let index = 1; index <= options.rounds; index++) {
    const theirs = await measure(options.python, official);
    const our = await measure(process.execPath, ours);
    const speed = our.imagesPerSecond / theirs.imagesPerSecond;
    const round = { official: theirs, ours: our, speed, memory: our.peakRssBytes / theirs.peakRssBytes };
    rounds.push(round);
    if (!options.json) print(index, round);
  }
  const [cpu] = cpus();
  const result = {
    type: "comparison",
    model: options.model,
    batchSize: Number(options["batch-size"]),
    speed: median(rounds.map((round) => round.speed)),
    memory: median(rounds.map((round) => round.memory)),
    machine: {
      cpu: cpu?.model.trim(),
      processors: cpus().length,
      memoryBytes: totalmem(),
      node: process.version,
    },
    torch: rounds[0]?.official.torch,
    threads: rounds[0]?.official.threads,
    trainable: { official: rounds[0]?.official.trainable, ours: rounds[0]?.ours.trainable },
    rounds,
  };
  if (!options.json) {
    const { machine, speed, memory } = result;
    console.log(
      `${machine.cpu}, ${machine.processors} processors, Node ${machine.node}, torch ${result.torch}`,
    );
    console.log(`median of ${rounds.length}: speed × ${speed.toFixed(2)}, memory × ${memory.toFixed(2)}`);
  }
  console.log(JSON.stringify(result));
}

main().catch((error: unknown) => {
  const known = error instanceof RlrrError;
  console.error(known ? error.message : error);
  process.exitCode = known ? error.exitCode : 1;
});
