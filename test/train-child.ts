/** A training run in a process of its own, for tests that kill it. Its argument is JSON: where the data is, and options of `train`. */

import { nativeEngine } from "../src/engine/native.ts";
import { train } from "../src/train/train.ts";
import { tinyTraining } from "./tiny-training.ts";

const { root, ...options } = JSON.parse(process.argv[2] ?? "{}");
const engine = nativeEngine({ threads: 1 });
const common = await tinyTraining(root, engine);
for await (const event of train({ ...common, ...options }))
  process.stdout.write(`${JSON.stringify(event)}\n`);
await engine.close();
