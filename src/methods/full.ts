/** Full fine-tuning: every weight of the backbone trains. */

import { z } from "zod";
import { backboneShapes } from "../model/shapes.ts";
import { defineMethod } from "./method.ts";

export const full = defineMethod({
  name: "full",
  summary: "trains every weight of the backbone, to compare with",
  learningRate: 1e-4,
  options: z.strictObject({}),
  create: () => ({
    trainables: (config) =>
      [...backboneShapes(config)].map(([name, shape]) => ({
        name,
        shape,
        // As timm does: vectors, the CLS token and positions are not decayed.
        decay: shape.length === 2,
        start: "frozen",
      })),
    adapt: (_frozen, trained) => trained,
  }),
});
