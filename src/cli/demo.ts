/** rlrr demo: adapts the embedded model to the embedded pictures, in front of your eyes. */

import { rm, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Command, Option } from "commander";
import type { Dataset } from "../datasets/dataset.ts";
import { readDataset } from "../datasets/read-dataset.ts";
import { renderDuration } from "../duration.ts";
import type { Engine } from "../engine/engine.ts";
import { nativeEngine } from "../engine/native.ts";
import { InputError } from "../errors.ts";
import type { Model } from "../model/model.ts";
import { readModel } from "../model/read-model.ts";
import { softmax, topK } from "../predict/metrics.ts";
import { openScorer } from "../predict/scorer.ts";
import { defaultSteps } from "../preprocessing/default-steps.ts";
import { renderTable } from "../table.ts";
import type { DoneEvent, StartEvent } from "../train/events.ts";
import type { RecipeInput } from "../train/recipe.ts";
import { train } from "../train/train.ts";
import { classify } from "./classify.ts";
import { Interrupted, interruption } from "./exit.ts";
import { mergeInto, renderMerged } from "./merge.ts";
import { openModel } from "./open-model.ts";
import { say } from "./output.ts";
import { openReporter } from "./report-training.ts";

const assets = fileURLToPath(new URL("../../assets/demo/", import.meta.url));

/** What is compared, simplest first: each with the recipe that suits it on these pictures. */
const contenders: readonly { readonly method: string; readonly recipe: RecipeInput }[] = [
  { method: "linear", recipe: { epochs: 60, learningRate: 1e-2 } },
  { method: "rlrr", recipe: { epochs: 14, learningRate: 2e-2 } },
  { method: "full", recipe: { epochs: 6, learningRate: 1e-3 } },
];

export const demoCommand = (): Command =>
  new Command("demo")
    .description("adapt the model that comes with this program, and compare methods")
    .addOption(
      new Option("--out <folder>", "where its runs go; an earlier demo there is replaced").default(
        join("runs", "demo"),
      ),
    )
    .action(runDemo);

interface Result {
  readonly method: string;
  readonly start: StartEvent;
  readonly done: DoneEvent;
  readonly bytes: number;
  readonly testTop1: number;
}

async function runDemo({ out }: { out: string }): Promise<void> {
  const model = await readModel(join(assets, "backbone"));
  const dataset = await readDataset(join(assets, "data"));
  await clear(out);
  await say(`A frozen Vision Transformer that has only ever seen drawn shapes (${model.config.depth} blocks, width ${model.config.width})
learns flag semaphore: ${dataset.classes.length} letters, ${dataset.splits.train.length} training pictures of ${model.config.imageSize.join(" × ")} pixels.\n`);
  const engine = nativeEngine();
  try {
    const results: Result[] = [];
    for (const contender of contenders)
      results.push(await compete(contender, { model, dataset, engine, out }));
    await say(`\n${renderResults(results)}\n`);
    const opened = await openModel({ adapter: join(out, "rlrr") });
    const merged = join(out, "merged");
    await say(renderMerged(merged, await mergeInto(merged, opened, engine)));
  } finally {
    await engine.close();
  }
  await say(`The merged model reads ${await readWord(join(out, "merged"), dataset)}.\n`);
  await say(whatNext(out));
}

/** Only what a demo wrote may be replaced. */
async function clear(out: string): Promise<void> {
  if (!(await stat(out).catch(() => undefined))) return;
  if (!(await stat(join(out, "linear", "run.json")).catch(() => undefined)))
    throw new InputError(`${out} exists and is not an earlier demo. Name another folder with --out.`);
  await rm(out, { recursive: true });
}

interface Scene {
  readonly model: Model;
  readonly dataset: Dataset;
  readonly engine: Engine;
  readonly out: string;
}

async function compete(
  { method, recipe }: (typeof contenders)[number],
  { model, dataset, engine, out }: Scene,
): Promise<Result> {
  const reporter = openReporter({ json: false, brief: true });
  let start: StartEvent | undefined;
  let done: DoneEvent | undefined;
  const run = join(out, method);
  const baseId = join(assets, "backbone");
  const preprocessing = model.preprocessing ?? defaultSteps(model.config.imageSize);
  const options = {
    model,
    dataset,
    engine,
    baseId,
    preprocessing,
    method: { name: method },
    recipe,
    out: run,
  };
  for await (const event of train({ ...options, signal: interruption })) {
    await reporter.report(event);
    if (event.type === "start") start = event;
    if (event.type === "done") done = event;
    if (event.type === "stopped") throw new Interrupted("Interrupted. Run the demo again to start over.");
  }
  reporter.close();
  if (!start || !done) throw new Error("internal: a run ended without its events.");
  const opened = await openModel({ adapter: run });
  const testing = { label: "testing", json: false, batchSize: 32, skipBadImages: false };
  const scorer = openScorer(dataset.classes.length);
  for await (const { examples, logits } of classify(opened, dataset.splits.test, testing))
    scorer.add(
      logits,
      examples.map(({ label }) => label),
    );
  const { top1 } = scorer.metrics();
  const { size } = await stat(join(done.adapter, "adapter_model.safetensors"));
  return { method, start, done, testTop1: top1, bytes: size };
}

function renderResults(results: readonly Result[]): string {
  const columns = [
    { title: "method" },
    ...["trained numbers", "adapter", "test accuracy", "time"].map((title) => ({
      title,
      align: "right" as const,
    })),
  ];
  const rows = results.map(({ method, start, done, bytes, testTop1 }) => [
    method,
    start.trainable.toLocaleString("en"),
    `${(bytes / 1000).toLocaleString("en", { maximumFractionDigits: 0 })} kB`,
    `${testTop1.toFixed(1)} %`,
    renderDuration(1000 * done.seconds),
  ]);
  return renderTable(columns, rows);
}

/** Shows the merged model one test picture of each letter of a word. */
async function readWord(path: string, { classes, splits }: Dataset): Promise<string> {
  const word = [..."HELLO"];
  const examples = word.flatMap((letter, place) => {
    const pictures = splits.test.filter(({ label }) => classes[label] === letter);
    return pictures.slice(place, place + 1);
  });
  const opened = await openModel({ model: path });
  const options = { label: "reading", json: false, batchSize: 8, skipBadImages: false };
  const count = opened.labels.length;
  const read: string[] = [];
  for await (const { logits } of classify(opened, examples, options))
    for (let at = 0; at < logits.length; at += count) {
      const probabilities = softmax(logits.subarray(at, at + count));
      const [best = 0] = topK(probabilities, 1);
      read.push(`${opened.labels[best]} (${(100 * (probabilities[best] ?? 0)).toFixed(0)} %)`);
    }
  return `five flag pictures that spell ${word.join("")} as: ${read.join(" ")}`;
}

const whatNext = (
  out: string,
): string => `Now with your own images, one folder a class, and any plain Vision Transformer:
  npx rlrr inspect photos/
  npx rlrr train --model google/vit-base-patch16-224-in21k --data photos/ --out runs/photos --epochs 20
  npx rlrr evaluate --adapter runs/photos --data photos/ --report photos.html
  npx rlrr predict --adapter runs/photos new.jpg
The demo's runs are in ${relative("", out) || out}; npx rlrr train --help tells more.`;
