/** Compares scores that tell images of none of the classes: heads trained without some classes, tested on images of all. */

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { auroc } from "../src/calibration/auroc.ts";
import { fitTemperature } from "../src/calibration/temperature.ts";
import { fitUnknownRule } from "../src/calibration/unknown.ts";
import { readDataset } from "../src/datasets/read-dataset.ts";
import type { Engine } from "../src/engine/engine.ts";
import { openEngine } from "../src/engine/open-engine.ts";
import { openImageStore } from "../src/images/image-store.ts";
import { backboneOf } from "../src/model/architectures.ts";
import { readModel } from "../src/model/read-model.ts";
import { constantsOf } from "../src/model/weight-constants.ts";
import { softmax } from "../src/predict/metrics.ts";
import { defaultSteps } from "../src/preprocessing/step-list.ts";
import { imageExamples } from "../src/runs/image-examples.ts";
import { computeFeatures, type FeatureSet } from "../src/train/features.ts";
import { fitProbe } from "../src/train/probe.ts";
import { featureScores } from "./unknown/feature-scores.ts";

const USAGE = `npx tsx bench/unknown.ts --model FILE [--folds 5] [--threads 1] [--features FOLDER] DATA …
--features keeps the features of the images there, and reads those of an earlier run.`;

/** Of one score on one data set, means over folds. */
interface Row {
  readonly auroc: number;
}

type Sets = Readonly<Record<"train" | "val" | "test", FeatureSet>>;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: "string" },
    folds: { type: "string", default: "5" },
    threads: { type: "string", default: "1" },
    features: { type: "string" },
  },
});
if (values.model === undefined || positionals.length === 0) throw new Error(USAGE);

/** Features that an earlier run kept, or new ones. */
async function featuresOf(data: string, engine: Engine): Promise<Sets> {
  const { model = "", features } = values;
  if (features === undefined) return computeSets(model, data, engine);
  const pathOf = (split: keyof Sets) => join(features, `${basename(data)}.${split}`);
  if (!existsSync(`${pathOf("test")}.json`)) {
    mkdirSync(features, { recursive: true });
    for (const [split, { rows, labels }] of Object.entries(await computeSets(model, data, engine))) {
      writeFileSync(`${pathOf(split as keyof Sets)}.f32`, rows);
      writeFileSync(`${pathOf(split as keyof Sets)}.json`, JSON.stringify(labels));
    }
  }
  const read = (split: keyof Sets): FeatureSet => ({
    rows: new Float32Array(new Uint8Array(readFileSync(`${pathOf(split)}.f32`)).buffer),
    labels: JSON.parse(readFileSync(`${pathOf(split)}.json`, "utf8")) as number[],
  });
  return { train: read("train"), val: read("val"), test: read("test") };
}

async function computeSets(model: string, data: string, engine: Engine): Promise<Sets> {
  const { config, weights, preprocessing } = await readModel(model);
  const { splits } = await readDataset(data);
  const store = openImageStore({ cacheBytes: 0 });
  const steps = preprocessing ?? defaultSteps(config.imageSize);
  const parts = [splits.train, splits.val, splits.test].map((part) =>
    imageExamples(part, { store, steps, evaluation: steps, seed: 1 }),
  );
  try {
    const options = { backbone: backboneOf(config), frozen: constantsOf(weights), engine };
    for await (const event of computeFeatures(parts, options)) {
      const [train, val, test] = event.type === "features" ? event.sets : [];
      if (train && val && test) return { train, val, test };
    }
    throw new Error(`${data} has no images.`);
  } finally {
    await store.close();
  }
}

/** Those of some classes, which are numbered anew. */
function restrict({ rows, labels }: FeatureSet, classes: readonly number[]): FeatureSet {
  const width = rows.length / labels.length;
  const kept = [...labels.keys()].filter((index) => classes.includes(labels[index] as number));
  return {
    rows: Float32Array.from(kept.flatMap((index) => [...rows.subarray(index * width, (index + 1) * width)])),
    labels: kept.map((index) => classes.indexOf(labels[index] as number)),
  };
}

/** What each score says of the test images, and what the rule of an adapter promises and keeps. */
async function runFold(sets: Sets, left: readonly number[], engine: Engine) {
  const classes = [...new Set(sets.train.labels)].sort((a, b) => a - b);
  const known = classes.filter((label) => !left.includes(label));
  const [train, val] = [restrict(sets.train, known), restrict(sets.val, known)];
  const { head } = await fitProbe(train, val, { classes: known.length, engine });
  const logitsOf = (set: FeatureSet) => applyHead(head, set);
  const validation = { logits: logitsOf(val), labels: val.labels, classes: known.length };
  const { temperature } = fitTemperature(validation);
  const rule = fitUnknownRule(validation, temperature);
  const parts = { inside: restrict(sets.test, known), outside: restrict(sets.test, left) };
  const logits = { inside: logitsOf(parts.inside), outside: logitsOf(parts.outside) };
  const areas = new Map<string, number>();
  for (const [name, score] of logitScores(temperature)) {
    const of = (side: "inside" | "outside") => rowsOf(logits[side], known.length).map(score);
    areas.set(name, auroc(of("inside"), of("outside")));
  }
  for (const [name, score] of featureScores(train, known.length)) {
    const of = (side: "inside" | "outside") =>
      rowsOf(parts[side].rows, sets.test.rows.length / sets.test.labels.length).map(score);
    areas.set(name, auroc(of("inside"), of("outside")));
  }
  const highest = (side: "inside" | "outside") =>
    rowsOf(logits[side], known.length).map(highestOf(temperature));
  const share = (scores: readonly number[], test: (score: number) => boolean) =>
    scores.filter(test).length / scores.length;
  const threshold = rule?.threshold ?? 0;
  return {
    areas,
    rates: {
      kept: share(highest("inside"), (score) => score >= threshold),
      found: share(highest("outside"), (score) => score < threshold),
      promisedFound: (rule?.estimate?.found ?? Number.NaN) / (rule?.images ?? 1),
      promisedAuroc: rule?.estimate?.auroc ?? Number.NaN,
    },
  };
}

function applyHead(head: Awaited<ReturnType<typeof fitProbe>>["head"], { rows, labels }: FeatureSet) {
  const [weight, bias] = [head.get("head.weight")?.data, head.get("head.bias")?.data];
  if (!weight || !bias) throw new Error("internal: a probe without a head.");
  const width = rows.length / labels.length;
  const logits = new Float64Array(labels.length * bias.length);
  for (const [example] of labels.entries())
    for (const [row, shift] of bias.entries()) {
      let sum = shift;
      for (let i = 0; i < width; i++)
        sum += (weight[row * width + i] as number) * (rows[example * width + i] as number);
      logits[example * bias.length + row] = sum;
    }
  return logits;
}

const rowsOf = <T extends Float32Array | Float64Array>(all: T, width: number): T[] =>
  Array.from({ length: all.length / width }, (_, row) => all.subarray(row * width, (row + 1) * width) as T);

const highestOf = (temperature: number) => (row: Float64Array) =>
  Math.max(...softmax(row.map((x) => x / temperature)));

const logitScores = (temperature: number): ReadonlyMap<string, (row: Float64Array) => number> =>
  new Map([
    ["highest probability", highestOf(temperature)],
    [
      "negative entropy",
      (row) =>
        softmax(row.map((x) => x / temperature)).reduce((sum, p) => sum + (p > 0 ? p * Math.log(p) : 0), 0),
    ],
    ["largest logit", (row) => Math.max(...row)],
    ["energy", (row) => Math.max(...row) - Math.log(Math.max(...softmax(row)))],
  ]);

const mean = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0) / numbers.length;

const engine = await openEngine({ threads: Number(values.threads) });
const folds = Number(values.folds);
const tables = new Map<string, ReadonlyMap<string, Row>>();
try {
  for (const data of positionals) {
    const sets = await featuresOf(data, engine);
    const classes = [...new Set(sets.train.labels)].sort((a, b) => a - b);
    const done: Awaited<ReturnType<typeof runFold>>[] = [];
    for (let fold = 0; fold < folds; fold++)
      done.push(
        await runFold(
          sets,
          classes.filter((_, index) => index % folds === fold),
          engine,
        ),
      );
    const names = [...(done[0]?.areas.keys() ?? [])];
    const areas = names.map(
      (name) => [name, { auroc: mean(done.map(({ areas: one }) => one.get(name) ?? Number.NaN)) }] as const,
    );
    tables.set(basename(data), new Map(areas));
    const rate = (key: "kept" | "found" | "promisedFound" | "promisedAuroc") =>
      mean(done.map(({ rates }) => rates[key])).toFixed(3);
    console.log(
      `${basename(data)}: ${sets.test.labels.length} test images, ${folds} folds; highest probability keeps ${rate("kept")} of known images and finds ${rate("found")} of unknown ones; the adapter's estimate is ${rate("promisedFound")}, AUROC ${rate("promisedAuroc")}`,
    );
    for (const [name, { auroc: area }] of areas) console.log(`  ${name}: AUROC ${area.toFixed(3)}`);
  }
} finally {
  await engine.close();
}
const [first] = tables.values();
console.log(`Mean of ${tables.size} sets:`);
for (const name of first?.keys() ?? [])
  console.log(
    `  ${name}: AUROC ${mean([...tables.values()].map((table) => table.get(name)?.auroc ?? Number.NaN)).toFixed(3)}`,
  );
