/** Labels images with an adapter: npx tsx examples/02-predict.ts ADAPTER IMAGE … */

import {
  openClassifier,
  openEngine,
  openImageStore,
  readAdapter,
  readModel,
  runClassifier,
  softmax,
  topK,
} from "rlrr/node";

const [path = "runs/example", ...images] = process.argv.slice(2);

const adapter = await readAdapter(path);
const model = await readModel(adapter.base.id, adapter.config);
const engine = await openEngine();
const store = openImageStore();
const batchSize = 8;
const session = await openClassifier({ model, adapter, engine, batchSize });

const examples = images.map((image) => ({ path: image, label: 0 })); // the label is not looked at
const logits = await runClassifier(examples, { session, store, steps: adapter.preprocessing, batchSize });
const classes = adapter.labels.length;
images.forEach((image, row) => {
  const probabilities = softmax(logits.subarray(row * classes, (row + 1) * classes));
  const [best = 0] = topK(probabilities, 1);
  console.log(`${image}: ${adapter.labels[best]} (${(100 * (probabilities[best] ?? 0)).toFixed(0)} %)`);
});
await store.close();
await engine.close();
