/** Folds an adapter into its base, which gives a plain model: npx tsx examples/03-merge.ts ADAPTER OUT */

import { checkBase, mergeAdapter, openEngine, readAdapter, readModel, writeModel } from "rlrr/node";

const [path = "runs/example", out = "runs/example-merged"] = process.argv.slice(2);

const adapter = await readAdapter(path);
const model = await readModel(adapter.base.id, adapter.config);
await checkBase(adapter, model);

const engine = await openEngine();
const weights = await mergeAdapter(model, adapter, engine);
await engine.close();

const { config, labels, preprocessing } = adapter;
await writeModel(out, { config, weights, labels, preprocessing });
console.log(`${out} is a plain model of ${labels.length} classes: ${labels.join(", ")}.`);
