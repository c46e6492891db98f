/** Writes the demo's data set, flag semaphore: `npx tsx scripts/drawing/demo-set.ts [--out assets/demo/data]`. */

import { parseArgs } from "node:util";
import { drawSemaphore, semaphoreLetters } from "./semaphore.ts";
import { writeSplits } from "./write-splits.ts";

const { values } = parseArgs({
  options: {
    out: { type: "string", default: "assets/demo/data" },
    train: { type: "string", default: "100" },
    val: { type: "string", default: "10" },
    test: { type: "string", default: "30" },
    seed: { type: "string", default: "7" },
  },
});

await writeSplits(values.out, {
  classes: Object.keys(semaphoreLetters),
  counts: { train: Number(values.train), val: Number(values.val), test: Number(values.test) },
  draw: (name, which) => drawSemaphore(name, { seed: Number(values.seed), ...which }),
});
