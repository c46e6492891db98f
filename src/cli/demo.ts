/** rlrr demo: adapts the embedded model to the embedded images. */

import { stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { Command, Option } from "commander";
import { renderDuration } from "../duration.ts";
import {
  type Dataset,
  type DoneEvent,
  type Engine,
  load,
  type Model,
  merge,
  metrics,
  models,
  openEngine,
  type RecipeInput,
  readDataset,
  readModel,
  type StartEvent,
  train,
} from "../node.ts";
import { ownFile } from "../own-package.ts";
import { renderTable } from "../table.ts";
import { type DemoFolder, openDemoFolder } from "./demo-folder.ts";
import { openDemoImages } from "./demo-images.ts";
import { Interrupted, interruption } from "./exit.ts";
import { renderMerged } from "./merge.ts";
import { say } from "./output.ts";
import { openReporter } from "./report-training.ts";

/** What is compared, simplest first: each with the recipe that suits it on these images. */
const contenders: readonly { readonly method: string; readonly recipe: RecipeInput }[] = [
  { method: "linear", recipe: { name: "official", epochs: 60, learningRate: 1e-2 } },
  { method: "rlrr", recipe: { name: "official", epochs: 14, learningRate: 2e-2 } },
  { method: "full", recipe: { name: "official", epochs: 6, learningRate: 1e-3 } },
];

export const demoCommand = (): Command =>
  new Command("demo")
    .description("adapt the model that comes with this program, and compare methods")
    .addOption(
      new Option("--out <folder>", "folder for its runs; an earlier demo there is replaced").default(
        join("runs", "demo"),
      ),
    )
    .action(runDemo);

interface Result {
  readonly method: string;
  readonly start: StartEvent;
  readonly done: DoneEvent;
  readonly bytes: number;
  readonly test: metrics.Metrics;
}

async function runDemo({ out }: { out: string }): Promise<void> {
  const model = await readModel(ownFile("assets/demo/backbone"));
  const folder = await openDemoFolder(out);
  try {
    await demonstrate(folder, { model, out });
  } finally {
    await folder.close();
  }
  await say(whatNext(out));
}

async function demonstrate(
  folder: DemoFolder,
  { model, out }: { readonly model: Model; readonly out: string },
): Promise<void> {
  const dataset = await readDataset(await openDemoImages(out, folder));
  await say(`A frozen Vision Transformer that has only ever seen drawn shapes (${models.backboneOf(model.config).blocks} blocks, width ${models.backboneOf(model.config).featureWidth})
learns flag semaphore: ${dataset.classes.length} letters, ${dataset.splits.train.length} training images of ${model.config.imageSize.join(" × ")} pixels.\n`);
  const engine = await openEngine();
  let word: string;
  try {
    const results: Result[] = [];
    for (const contender of contenders)
      results.push(
        await folder.make(contender.method, () => compete(contender, { model, dataset, engine, out })),
      );
    await say(`\n${renderResults(results)}\n`);
    const merged = join(out, "merged");
    const options = { engine, signal: interruption };
    await say(renderMerged(await folder.make("merged", () => merge(join(out, "rlrr"), merged, options))));
    word = await readWord(merged, { dataset, engine });
  } finally {
    await engine.close();
  }
  await say(`The merged model reads ${word}.\n`);
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
  const options = { model, data: dataset, engine, method, recipe, out: run, signal: interruption };
  for await (const event of train(options)) {
    // What is said about every data set would be said three times.
    if (event.type !== "note") await reporter.report(event);
    if (event.type === "start") start = event;
    if (event.type === "done") done = event;
    if (event.type === "stopped") throw new Interrupted("Interrupted. Run the demo again to start over.");
  }
  reporter.close();
  if (!start || !done) throw new Error("internal: a run ended without its events.");
  await using adapted = await load(run, { engine });
  const { metrics: test } = await adapted.evaluate(dataset, { split: "test", signal: interruption });
  const { size } = await stat(join(done.adapter, "adapter_model.safetensors"));
  return { method, start, done, test, bytes: size };
}

function renderResults(results: readonly Result[]): string {
  const columns = [
    { title: "method" },
    ...["trainable parameters", "adapter", "test accuracy", "95 % interval", "time"].map((title) => ({
      title,
      align: "right" as const,
    })),
  ];
  const rows = results.map(({ method, start, done, bytes, test }) => [
    method,
    start.trainable.toLocaleString("en"),
    `${(bytes / 1000).toLocaleString("en", { maximumFractionDigits: 0 })} kB`,
    `${test.top1.toFixed(1)} %`,
    metrics
      .wilsonInterval(test.correct, test.examples)
      ?.map((end) => end.toFixed(1))
      .join(" to ") ?? "",
    renderDuration(1000 * done.seconds),
  ]);
  const images = results[0]?.test.examples ?? 0;
  return `${renderTable(columns, rows)}\n\nAccuracies are top-1 on ${images} test images that none of them was trained on.`;
}

/** Shows the merged model one test image of each letter of a word. */
async function readWord(
  path: string,
  { dataset: { classes, splits }, engine }: { readonly dataset: Dataset; readonly engine: Engine },
): Promise<string> {
  const word = [..."HELLO"];
  const images = word.flatMap((letter, place) => {
    const ofLetter = splits.test.filter(({ label }) => classes[label] === letter);
    return ofLetter.slice(place, place + 1).map(({ path }) => path);
  });
  await using merged = await load(path, { engine });
  const read: string[] = [];
  for await (const { labels } of merged.predict(images, { topK: 1, signal: interruption }))
    for (const { label, probability } of labels ?? [])
      read.push(`${label} (${(100 * probability).toFixed(0)} %)`);
  return `five flag images that spell ${word.join("")} as: ${read.join(" ")}`;
}

const whatNext = (
  out: string,
): string => `Now with your own images, one folder per class, and any Vision Transformer:
  npx rlrr inspect photos/
  npx rlrr train --model tiny --data photos/ --out runs/photos
  npx rlrr evaluate --adapter runs/photos --data photos/ --report photos.html
  npx rlrr predict --adapter runs/photos new.jpg
The demo's runs are in ${relative("", out) || out}; npx rlrr train --help lists all options.`;
