/** Adapts a model to labelled images: npx tsx examples/01-train.ts MODEL IMAGES OUT */

import { train } from "rlrr/node";

const [model = "assets/demo/backbone", data = "assets/demo/data", out = "runs/example"] =
  process.argv.slice(2);

const recipe = { epochs: 5, learningRate: 5e-3 };
for await (const event of train({ model, data, out, recipe })) {
  if (event.type === "epoch") console.log(`epoch ${event.epoch + 1}: ${event.valTop1?.toFixed(1)} % correct`);
  if (event.type === "done") console.log(`The adapter is ${event.adapter}.`);
}
