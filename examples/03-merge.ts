/** Folds an adapter into its base, which gives a plain model: npx tsx examples/03-merge.ts ADAPTER OUT */

import { load, merge } from "rlrr/node";

const [adapter = "runs/example", out = "runs/example-merged"] = process.argv.slice(2);

const { path, difference } = await merge(adapter, out);
await using model = await load(path);
console.log(`${path} is a plain model of ${model.labels.length} classes: ${model.labels.join(", ")}.`);
console.log(`Its logits differ from the adapted model's by ${difference} of their size.`);
