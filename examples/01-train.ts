/** Adapts a model to labelled images: npx tsx examples/01-train.ts MODEL IMAGES OUT */

import { train } from "rlrr/node";

const [model = "assets/demo/backbone", data = "assets/demo/data", out = "runs/example"] =
  process.argv.slice(2);

for await (const event of train({ model, data, out, recipe: { epochs: 5 } })) {
  // A small set is cross-validated before all of it is trained on.
  if (event.type === "fold") console.log(`fold ${event.fold + 1}: ${event.top1.toFixed(1)} % correct`);
  if (event.type === "epoch" && event.fold === undefined)
    console.log(`epoch ${event.epoch + 1}: ${event.valTop1?.toFixed(1)} % correct`);
  if (event.type === "done") console.log(`The adapter is ${event.adapter}.`);
}
