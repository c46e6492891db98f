/** Full fine-tuning: every weight of the backbone trains. */

import { z } from "zod";
import { affineOf } from "../model/layers.ts";
import { defineMethod } from "./method.ts";

export const full = defineMethod({
  name: "full",
  summary: "trains every weight of the backbone, for comparison",
  learningRate: 1e-4,
  options: z.strictObject({}),
  create: () => ({
    trainables: ({ shapes }) =>
      [...shapes].map(([name, shape]) => ({
        name,
        shape,
        // As timm does: vectors, the CLS token and positions are not decayed.
        decay: shape.length === 2,
        start: "frozen",
      })),
    weight: (site, _frozen, trained) => affineOf(trained)(site),
    parameter: (name, _frozen, trained) => trained(name),
  }),
});
