/** Adapts a model to labelled images: npx tsx examples/01-train.ts MODEL IMAGES OUT */

import { composeSteps, openEngine, readDataset, readModel, splitTrainValidation, train } from "rlrr/node";

const [base = "assets/demo/backbone", images = "assets/demo/data", out = "runs/example"] =
  process.argv.slice(2);

const engine = await openEngine();
const model = await readModel(base);
const dataset = await splitTrainValidation(await readDataset(images), { seed: 42 });
const preprocessing = composeSteps(model.config.imageSize, model.preprocessing, { flip: false });
const recipe = { epochs: 5, learningRate: 5e-3 };

for await (const event of train({ model, baseId: base, dataset, preprocessing, recipe, engine, out })) {
  if (event.type === "epoch") console.log(`epoch ${event.epoch + 1}: ${event.valTop1?.toFixed(1)} % right`);
  if (event.type === "done") console.log(`The adapter is ${event.adapter}.`);
}
await engine.close();
