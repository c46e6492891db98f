/** Linear probing: only the head trains. */

import { z } from "zod";
import { defineMethod } from "./method.ts";

export const linear = defineMethod({
  name: "linear",
  summary: "trains the head alone, on features computed once",
  learningRate: 1e-2,
  // The probe that the default recipe starts from is the best head on these features.
  recipe: { epochs: 0 },
  byBlocks: false,
  options: z.strictObject({}),
  create: () => ({ trainables: () => [] }),
});
