/** A training run in a process of its own, for tests that kill or starve it. Its argument is JSON: where the data is, and options of `train`. */

import { openEngine } from "../src/engine/open-engine.ts";
import { RlrrError } from "../src/errors.ts";
import { runTraining } from "../src/runs/run-training.ts";
import { tinyTraining } from "./tiny-training.ts";

const tell = (event: object) => process.stdout.write(`${JSON.stringify(event)}\n`);
const { root, ...options } = JSON.parse(process.argv[2] ?? "{}");
const engine = await openEngine({ threads: 1 });
try {
  const common = await tinyTraining(root, engine);
  for await (const event of runTraining({ ...common, ...options })) tell(event);
} catch (error) {
  if (!(error instanceof RlrrError)) throw error;
  tell({ type: "error", name: error.name, message: error.message });
} finally {
  await engine.close();
}
