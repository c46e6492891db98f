/** Measures speed and memory by turns, A B A B, beside PyTorch where it is at hand; prints a table and writes JSON. */

import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { EngineError, InputError, RlrrError } from "../src/errors.ts";
import { type Column, renderTable } from "../src/table.ts";
import { type Cell, cellsOf, partNames } from "./speed/cells.ts";

const usage = `npm run bench -- [--part ${partNames.join(",")}] [--model vit-ti16,vit-s16,vit-b16] [--batch-size 1,8,32]
               [--method linear,rlrr,lora,full] [--precision fp32,int8] [--steps 3] [--rounds 3] [--threads n]
               [--python PATH: one with PyTorch] [--official DIR: see bench/peers/README.md]
               [--out bench.json] [--against FILE: an earlier --out]`;

/** Medians of a cell's rounds. */
interface Result {
  readonly group: string;
  readonly name: string;
  readonly imagesPerSecond: number;
  readonly peakRssBytes: number;
  /** Of the best single product in the same process and precision, the share that the step's products reach. */
  readonly gemmShare?: number;
  readonly gemmGflopsPerSecond?: number;
  readonly firstStepSeconds?: number;
  /** Images per second over those of the group's first cell: the median of the rounds' ratios. */
  readonly ratio: number;
}

interface Report {
  readonly machine: Readonly<Record<string, string | number>>;
  readonly rounds: number;
  readonly results: readonly Result[];
}

type Numbers = Readonly<Record<string, unknown>> & {
  readonly imagesPerSecond: number;
  readonly peakRssBytes: number;
};

const root = fileURLToPath(new URL("..", import.meta.url));

function readOptions() {
  const text = (preset: string) => ({ type: "string", default: preset }) as const;
  const options = {
    ...{ part: text(partNames.join(",")), model: text("vit-ti16,vit-s16,vit-b16"), out: text("bench.json") },
    ...{ "batch-size": text("1,8,32"), method: text("rlrr,linear,lora,full"), precision: text("fp32,int8") },
    ...{ steps: text("3"), rounds: text("3"), threads: text(""), python: text("") },
    ...{ official: text(""), against: text(""), help: { type: "boolean", default: false } as const },
  } as const;
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    throw new InputError(`${error instanceof Error ? error.message : error}\n${usage}`);
  }
}

/** Runs a cell to its end. Its stderr goes to ours. */
async function measure({ command, args }: Cell): Promise<Numbers> {
  const child = spawn(command, args, { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", (cause) => reject(new EngineError(`${command} did not start: ${cause.message}.`)));
    child.once("close", resolve);
  });
  if (code !== 0) throw new EngineError(`${command} ${args.join(" ")} ended with exit code ${code}.`);
  const numbers: unknown = JSON.parse(output.trim().split("\n").at(-1) ?? "");
  if (isNumbers(numbers)) return numbers;
  throw new EngineError(`${command} ${args.join(" ")}: its last line has no imagesPerSecond.`);
}

const isNumbers = (value: unknown): value is Numbers =>
  typeof value === "object" &&
  value !== null &&
  typeof Reflect.get(value, "imagesPerSecond") === "number" &&
  typeof Reflect.get(value, "peakRssBytes") === "number";

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(half)] ?? Number.NaN) + (sorted[Math.ceil(half)] ?? Number.NaN)) / 2;
}

/** By turns: a machine that slows down over minutes then slows all of them down. */
async function measureGroup(cells: readonly Cell[], rounds: number): Promise<Result[]> {
  const measured: Numbers[][] = cells.map(() => []);
  for (let round = 0; round < rounds; round++)
    for (const [index, cell] of cells.entries()) {
      measured[index]?.push(await measure(cell));
      process.stderr.write(`${cell.group}, ${cell.name}: round ${round + 1} of ${rounds}\n`);
    }
  const [first = []] = measured;
  return cells.map(({ group, name }, index) => summarise({ group, name }, measured[index] ?? [], first));
}

function summarise(
  cell: Pick<Cell, "group" | "name">,
  rounds: readonly Numbers[],
  first: readonly Numbers[],
): Result {
  const of = (name: string) => median(rounds.map((numbers) => Number(numbers[name])));
  const rates = rounds.flatMap(
    ({ imagesPerSecond }, at) => imagesPerSecond / (first[at]?.imagesPerSecond ?? 1),
  );
  const { group, name } = cell;
  const gemm = rounds.every((numbers) => "gemmGflopsPerSecond" in numbers) && {
    gemmGflopsPerSecond: of("gemmGflopsPerSecond"),
    gemmShare: median(
      rounds.map((numbers) => Number(numbers.gflopsPerSecond) / Number(numbers.gemmGflopsPerSecond)),
    ),
    firstStepSeconds: of("firstStepSeconds"),
  };
  const speed = { imagesPerSecond: of("imagesPerSecond"), peakRssBytes: of("peakRssBytes") };
  return { group, name, ...speed, ...gemm, ratio: median(rates) };
}

function print({ machine, rounds, results }: Report, before: Report | undefined): void {
  const earlier = ({ group, name }: Result) =>
    before?.results.find((one) => one.group === group && one.name === name)?.imagesPerSecond;
  const rows = results.map((result) => {
    const { group, name, imagesPerSecond, ratio, gemmShare, peakRssBytes, firstStepSeconds } = result;
    const old = earlier(result);
    return [
      ...[group, name, imagesPerSecond.toFixed(2), ratio.toFixed(2)],
      gemmShare === undefined ? "" : gemmShare.toFixed(2),
      (peakRssBytes / 2 ** 20).toFixed(0),
      firstStepSeconds === undefined ? "" : firstStepSeconds.toFixed(1),
      ...(before ? [old === undefined ? "" : (imagesPerSecond / old).toFixed(2)] : []),
    ];
  });
  console.log(
    `${Object.values(machine).join(", ")}; medians of ${rounds} ${rounds === 1 ? "round" : "rounds"}`,
  );
  const numbers = ["images/s", "over first", "of GEMM", "MiB", "first step, s"];
  const titles = [...numbers, ...(before ? ["over before"] : [])];
  const columns = titles.map((title): Column => ({ title, align: "right" }));
  console.log(renderTable([{ title: "group" }, { title: "cell" }, ...columns], rows));
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options.help) return console.log(usage);
  const list = (text: string) => text.split(",").map((part) => part.trim());
  const parts = list(options.part);
  const unknown = parts.find((part) => !partNames.some((name) => name === part));
  if (unknown !== undefined)
    throw new InputError(`--part must be of ${partNames.join(", ")}, got "${unknown}".`);
  const rounds = Number(options.rounds);
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new InputError(`--rounds must be a whole number above 0, got "${options.rounds}".`);
  const before = options.against === "" ? undefined : readReport(options.against);
  const cells = cellsOf({
    ...{ parts, models: list(options.model), batches: list(options["batch-size"]) },
    ...{ methods: list(options.method), precisions: list(options.precision), steps: options.steps },
    ...{ threads: options.threads, python: options.python, official: options.official },
  });
  const [cpu] = cpus();
  const machine = {
    ...{ cpu: cpu?.model.trim() ?? "unknown", cores: `${cpus().length} cores` },
    ...{ memory: `${Math.round(totalmem() / 1e9)} GB`, node: `Node ${process.version}` },
  };
  let results: readonly Result[] = [];
  for (const group of new Set(cells.map((cell) => cell.group))) {
    results = [
      ...results,
      ...(await measureGroup(
        cells.filter((cell) => cell.group === group),
        rounds,
      )),
    ];
    // What is measured is kept, should a later group fail.
    writeFileSync(options.out, `${JSON.stringify({ machine, rounds, results }, null, 2)}\n`);
  }
  print({ machine, rounds, results }, before);
}

function readReport(path: string): Report {
  try {
    const report = JSON.parse(readFileSync(path, "utf8")) as Report;
    if (Array.isArray(report.results)) return report;
  } catch (cause) {
    throw new InputError(
      `--against ${path} cannot be read: ${cause instanceof Error ? cause.message : cause}`,
    );
  }
  throw new InputError(`--against ${path} is no report of this bench.`);
}

main().catch((error: unknown) => {
  const known = error instanceof RlrrError;
  console.error(known ? error.message : error);
  process.exitCode = known ? error.exitCode : 1;
});
