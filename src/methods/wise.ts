/** WiSE-FT: full fine-tuning, then weights half way back to the pre-trained ones. Wortsman et al., CVPR 2022, https://arxiv.org/abs/2109.01903, eq. 1. */

import { z } from "zod";
import { full } from "./full.ts";
import { defineMethod } from "./method.ts";

export const wise = defineMethod({
  name: "wise",
  summary: "trains every weight, and keeps those half way from the pre-trained ones (WiSE-FT)",
  learningRate: 3e-5,
  recipe: { learningRate: 1e-4 },
  // W' = W + α · (W_trained - W), the head too, from wherever training starts; α = 0.5 where nothing is known of other data.
  blend: 0.5,
  options: z.strictObject({}),
  create: () => full.create({}),
});
