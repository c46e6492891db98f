/** Writes the set that the embedded backbone is pre-trained on: `npx tsx scripts/drawing/pretraining-set.ts --out FOLDER`. */

import { parseArgs } from "node:util";
import { drawPretrainingImage, pretrainingClasses } from "./pretraining-classes.ts";
import { writeSplits } from "./write-splits.ts";

const { values } = parseArgs({
  options: {
    out: { type: "string" },
    train: { type: "string", default: "300" },
    val: { type: "string", default: "20" },
    seed: { type: "string", default: "1" },
  },
});
if (values.out === undefined) throw new Error("Say where: --out FOLDER.");

await writeSplits(values.out, {
  classes: [...pretrainingClasses.keys()],
  counts: { train: Number(values.train), val: Number(values.val) },
  draw: (name, which) => drawPretrainingImage(name, { seed: Number(values.seed), ...which }),
});
