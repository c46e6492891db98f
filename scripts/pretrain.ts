/** Pre-trains the embedded backbone on generated images with our own `full`: `npx tsx scripts/pretrain.ts --data FOLDER --run FOLDER`. */

import { join } from "node:path";
import { parseArgs } from "node:util";
import { readAdapter } from "../src/adapter/adapter-file.ts";
import { mergeAdapter } from "../src/adapter/merge.ts";
import { openReporter } from "../src/cli/report-training.ts";
import { openEngine } from "../src/engine/open-engine.ts";
import { type Shape, sizeOf, type Tensor } from "../src/formats/tensor.ts";
import { backboneOf } from "../src/model/architectures.ts";
import { readModel } from "../src/model/read-model.ts";
import type { VitConfig } from "../src/model/vit.ts";
import { writeModel } from "../src/model/write-model.ts";
import { defaultSteps } from "../src/preprocessing/step-list.ts";
import { randomStream } from "../src/random.ts";
import { train } from "../src/runs/train.ts";

const { values } = parseArgs({
  options: {
    data: { type: "string" },
    run: { type: "string" },
    out: { type: "string", default: "assets/demo/backbone" },
    epochs: { type: "string", default: "12" },
    threads: { type: "string", default: "0" },
    resume: { type: "boolean", default: false },
  },
});
if (!values.data || !values.run)
  throw new Error("Say what to learn from and where the run goes: --data FOLDER --run FOLDER.");

/** 0.7 M numbers, 2.8 MB. */
const config: VitConfig = {
  imageSize: [64, 64],
  patchSize: 8,
  width: 96,
  depth: 6,
  heads: 3,
  mlpWidth: 384,
  layerNormEps: 1e-6,
  classes: 0,
};

const untrained = join(values.run, "untrained");
const preprocessing = defaultSteps(config.imageSize);
const start = new Map([...backboneOf(config).shapes].map(([name, shape]) => [name, startOf(name, shape)]));
await writeModel(untrained, { config, weights: start, labels: [], preprocessing }, { replace: true });
const model = await readModel(untrained);
const engine = await openEngine(Number(values.threads) > 0 ? { threads: Number(values.threads) } : {});
const reporter = openReporter({ json: false });
const out = join(values.run, "full");
const recipe = {
  epochs: Number(values.epochs),
  batchSize: 64,
  learningRate: 1e-3,
  warmupEpochs: 1,
  warmupLearningRate: 3e-4,
  weightDecay: 0.05,
  clipNorm: 1,
  labelSmoothing: 0.1,
};
for await (const event of train({
  model,
  data: values.data,
  method: "full",
  recipe,
  engine,
  out,
  resume: values.resume,
}))
  await reporter.report(event);
reporter.close();
const adapter = await readAdapter(out);
const weights = await mergeAdapter(model, adapter, engine);
await writeModel(
  values.out,
  { config: adapter.config, weights, labels: adapter.labels, preprocessing },
  { replace: true },
);
await engine.close();

/** Norms start at the identity, matrices and positions small, as in ViT. */
function startOf(name: string, shape: Shape): Tensor {
  const data = new Float32Array(sizeOf(shape));
  if (/norm\d?\.weight$/.test(name)) data.fill(1);
  else if (!name.endsWith(".bias")) randomStream(1, "pretrain", name).fillNormal(data, { std: 0.02 });
  return { shape, data };
}
