/** Trains the default recipe on twenty small parts of real image sets, beside the linear probe, and tests both on images of their own. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Dataset, Example } from "../src/datasets/dataset.ts";
import { readDataset } from "../src/datasets/read-dataset.ts";
import { openEngine } from "../src/engine/open-engine.ts";
import { RlrrError } from "../src/errors.ts";
import { openImageStore } from "../src/images/image-store.ts";
import { readModel } from "../src/model/read-model.ts";
import { load } from "../src/predict/load.ts";
import { randomStream } from "../src/random.ts";
import { type TrainOptions, train } from "../src/runs/train.ts";

const USAGE = `npx tsx bench/tiny-sets.ts --model FILE --data DIR [--image-size 112] [--first 0] [--count 20] [--threads N]
DIR holds the folders ${"signdigits omniglot100 cifar10 dtd10"}, each in the VTAB-1k layout.`;

const sets = ["signdigits", "omniglot100", "cifar10", "dtd10"] as const;
/** At most so many test images of a part are scored. */
const testImages = 400;

/** A part of a set: some of its classes, a few images of each for training, and test images of those classes. */
interface Part {
  readonly set: string;
  readonly perClass: number;
  readonly dataset: Dataset;
}

interface Row extends Omit<Part, "dataset"> {
  readonly classes: number;
  readonly images: number;
  readonly probe: Scores;
  readonly trained: Scores;
  readonly kept: number;
  readonly seconds: number;
}

interface Scores {
  readonly val: number;
  readonly test: number;
}

/** 2 to 20 classes of 5 to 20 images, by a seed of its own. */
async function makePart(root: string, index: number): Promise<Part> {
  const set = sets[index % sets.length] ?? sets[0];
  const whole = await readDataset(join(root, set));
  const random = randomStream(2000 + index, "tiny set");
  const most = Math.min(20, whole.classes.length);
  const count = 2 + random.int(most - 1);
  const chosen = random.permutation(whole.classes.length).slice(0, count);
  const perClass = 5 + random.int(16);
  const relabelled = (examples: readonly Example[], most: number): Example[] =>
    chosen.flatMap((label, at) => {
      const own = examples.filter((example) => example.label === label);
      const picked = random.permutation(own.length).slice(0, most);
      return picked.map((index) => ({ path: own[index]?.path ?? "", label: at }));
    });
  const { train: trained, val, test } = whole.splits;
  const splits = {
    train: relabelled([...trained, ...val], perClass),
    val: [],
    test: relabelled(test, Math.ceil(testImages / count)),
  };
  const classes = chosen.map((label) => whole.classes[label] ?? "");
  return { set, perClass, dataset: { ...whole, classes, splits, notes: [] } };
}

type Shared = Pick<TrainOptions, "model" | "imageSize" | "engine" | "store">;

/** What a method reaches on validation and on test images, which epoch it kept, and how long it took. */
async function score(part: Part, { method, shared }: { method: string; shared: Shared }) {
  const folder = await mkdtemp(join(tmpdir(), "rlrr-tiny-"));
  try {
    let [val, kept, seconds] = [Number.NaN, 0, 0];
    for await (const event of train({ ...shared, method, data: part.dataset, out: join(folder, "run") }))
      if (event.type === "done") [val, kept, seconds] = [event.valTop1 ?? val, event.epoch, event.seconds];
    const { model, engine, store } = shared;
    const loaded = await load(join(folder, "run"), { model, engine, store });
    const { metrics } = await loaded.evaluate(part.dataset, { split: "test" });
    await loaded.close();
    return { val, test: metrics.top1, kept, seconds };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      model: { type: "string" },
      data: { type: "string" },
      "image-size": { type: "string" },
      first: { type: "string", default: "0" },
      count: { type: "string", default: "20" },
      threads: { type: "string" },
    },
  });
  const { model: path, data, first, count, threads, "image-size": size } = values;
  if (path === undefined || data === undefined) throw new Error(USAGE);
  const engine = await openEngine(threads === undefined ? {} : { threads: Number(threads) });
  const store = openImageStore();
  const model = await readModel(path, size === undefined ? {} : { imageSize: Number(size) });
  const shared: Shared = { model, engine, store };
  const rows: Row[] = [];
  for (let index = Number(first); index < Number(first) + Number(count); index++) {
    const part = await makePart(data, index);
    const probe = await score(part, { method: "linear", shared });
    const { kept, seconds, ...trained } = await score(part, { method: "rlrr", shared });
    const { classes, splits } = part.dataset;
    const { set, perClass } = part;
    rows.push({
      set,
      perClass,
      classes: classes.length,
      images: splits.train.length,
      probe,
      trained,
      kept,
      seconds,
    });
    process.stderr.write(`${index}: ${JSON.stringify(rows.at(-1))}\n`);
  }
  process.stdout.write(`${render(rows)}\n`);
  await store.close();
  await engine.close();
}

/** The rows as a table in Markdown, and what they come to. */
function render(rows: readonly Row[]): string {
  const percent = (value: number) => `${value.toFixed(1)} %`;
  const cells = rows.map(({ set, classes, perClass, images, probe, trained, kept, seconds }) => [
    ...[set, `${classes} × ${perClass}`, String(images)],
    ...[percent(probe.val), percent(trained.val), percent(probe.test), percent(trained.test)],
    ...[kept < 0 ? "probe" : String(kept + 1), `${seconds.toFixed(0)} s`],
  ]);
  const heading = ["set", "classes × images", "images", "probe, validation", "default, validation"];
  const all = [[...heading, "probe, test", "default, test", "epoch kept", "time"], ...cells];
  const lines = all.map((row) => `| ${row.join(" | ")} |`);
  const gains = rows.map(({ probe, trained }) => trained.test - probe.test);
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
  const summary = `Mean gain on test images ${mean.toFixed(1)} points; lower than the probe on ${gains.filter((gain) => gain < 0).length} of ${rows.length} (lowest ${Math.min(...gains).toFixed(1)}).`;
  return [lines[0], `|${"---|".repeat(9)}`, ...lines.slice(1), "", summary].join("\n");
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof RlrrError || error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
