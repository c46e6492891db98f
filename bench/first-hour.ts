/** Tells the story of a first hour: 168 pictures in eight folders, 24 new ones, and the commands of the README. */

import { execFile } from "node:child_process";
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { openCalibrationMeter } from "../src/calibration/measure.ts";
import type { Example } from "../src/datasets/dataset.ts";
import { readDataset } from "../src/datasets/read-dataset.ts";
import { randomStream } from "../src/random.ts";

const USAGE = `npx tsx bench/first-hour.ts --model FILE [--seeds 3] [--threads N] DATA …
Each DATA is an image set with a test split and eight classes at least.`;

const classes = 8;
/** Pictures of each class: to train on, and new ones. */
const sizes = { data: 21, new: 3 } as const;

/** Ways to train on one folder, by the options that differ. */
const ways = {
  default: [],
  probe: ["--method", "linear"],
  official: ["--recipe", "official", "--epochs", "6"],
} as const;
type Way = keyof typeof ways;

interface Row {
  readonly way: Way;
  /** In percent. */
  readonly validation: number;
  readonly seconds: number;
  /** Of each new picture, the probability of each label, and its own label. */
  readonly answers: readonly { readonly labels: readonly Answer[]; readonly label: string }[];
}
interface Answer {
  readonly label: string;
  readonly probability: number;
}

const bin = fileURLToPath(new URL("../bin/rlrr.mjs", import.meta.url));
const execute = promisify(execFile);

/** What `rlrr` prints with --json. */
async function rlrr<Event>(args: readonly string[]): Promise<Event[]> {
  const { stdout } = await execute(process.execPath, [bin, ...args, "--json"], { maxBuffer: 2 ** 28 });
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Event);
}

/** Class folders: `data` from the training images of a set, `new` from its test images. */
async function makeFolders(set: string, { root, seed }: { root: string; seed: number }): Promise<void> {
  const whole = await readDataset(set);
  const random = randomStream(seed, "first hour");
  const chosen = random.permutation(whole.classes.length).slice(0, classes);
  const { train, val, test } = whole.splits;
  const parts: Readonly<Record<keyof typeof sizes, readonly Example[]>> = {
    data: [...train, ...val],
    new: test,
  };
  for (const [folder, examples] of Object.entries(parts))
    for (const label of chosen) {
      const own = examples.filter((example) => example.label === label);
      const to = join(root, folder, whole.classes[label] ?? "");
      await mkdir(to, { recursive: true });
      for (const index of random.permutation(own.length).slice(0, sizes[folder as keyof typeof sizes])) {
        const path = own[index]?.path ?? "";
        await copyFile(path, join(to, basename(path)));
      }
    }
}

async function tell(root: string, { way, options }: { way: Way; options: readonly string[] }): Promise<Row> {
  const out = join(root, way);
  const began = performance.now();
  const trained = await rlrr<{ readonly valTop1?: number }>([
    ...["train", ...options, "--data", join(root, "data"), "--out", out],
    ...ways[way],
  ]);
  const seconds = (performance.now() - began) / 1000;
  const answered = await rlrr<{ readonly path: string; readonly labels: readonly Answer[] }>([
    ...["predict", ...options, "--adapter", out, "--top-k", String(classes), join(root, "new")],
  ]);
  const answers = answered.map(({ path, labels }) => ({ labels, label: basename(dirname(path)) }));
  return { way, validation: trained.at(-1)?.valTop1 ?? Number.NaN, seconds, answers };
}

/** Accuracy, mean confidence in right answers, and ECE over the new pictures of some rows. */
function scoresOf(rows: readonly Row[]) {
  const meter = openCalibrationMeter();
  const sure: number[] = [];
  const answers = rows.flatMap((row) => row.answers);
  for (const { labels, label } of answers) {
    const logits = Float64Array.from(labels, ({ probability }) => Math.log(probability));
    const at = labels.findIndex((answer) => answer.label === label);
    const highest = meter.add(logits, at);
    if (at === 0) sure.push(highest);
  }
  return {
    right: sure.length,
    all: answers.length,
    confidence: (100 * sure.reduce((sum, one) => sum + one, 0)) / sure.length,
    ece: meter.measure().ece,
  };
}

function render(name: string, rows: readonly Row[]): string[] {
  return Object.keys(ways).map((way) => {
    const own = rows.filter((row) => row.way === way);
    const mean = (of: (row: Row) => number) => own.reduce((sum, row) => sum + of(row), 0) / own.length;
    const { right, all, confidence, ece } = scoresOf(own);
    const cells = [name, way, `${mean((row) => row.validation).toFixed(1)} %`, `${right} of ${all}`];
    return `| ${[...cells, `${confidence.toFixed(0)} %`, ece.toFixed(3), `${mean((row) => row.seconds).toFixed(0)} s`].join(" | ")} |`;
  });
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: "string" },
    seeds: { type: "string", default: "3" },
    threads: { type: "string" },
  },
});
const { model, seeds, threads } = values;
if (model === undefined || positionals.length === 0) throw new Error(USAGE);
const options = ["--model", model, ...(threads === undefined ? [] : ["--threads", threads])];
console.log(
  `| set | recipe | validation | new pictures right | confidence in right answers | ECE of new pictures | time |\n|${"---|".repeat(7)}`,
);
for (const set of positionals) {
  const rows: Row[] = [];
  for (let seed = 1; seed <= Number(seeds); seed++) {
    const root = await mkdtemp(join(tmpdir(), "rlrr-first-hour-"));
    try {
      await makeFolders(set, { root, seed });
      for (const way of Object.keys(ways) as Way[]) rows.push(await tell(root, { way, options }));
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  }
  for (const line of render(basename(set), rows)) console.log(line);
}
