/** VPT-Shallow: learned tokens behind CLS at the input of the first block. Jia et al., ECCV 2022, https://arxiv.org/abs/2203.12119, eq. 2–3. */

import { z } from "zod";
import { defineMethod } from "./method.ts";
import { placePrompt, promptName, promptTrainables, tokensOption } from "./prompts.ts";

export const vptShallow = defineMethod({
  name: "vpt-shallow",
  summary: "adds learned tokens to the input of the first block",
  learningRate: 1e-3,
  // Its first epochs may all be worse than a probe behind tokens at random, and it comes back late.
  recipe: { learningRate: 3e-3, patience: 0 },
  unmergeable: "its tokens are part of the input of the first block, not of a weight",
  byBlocks: false,
  options: z.strictObject({ tokens: tokensOption(50, "learned tokens at the input") }),
  create: ({ tokens: count }) => ({
    // [CLS, P, E] with P [tokens, D] and E the patches, positions added; P goes through all blocks and gets no position.
    trainables: (structure) => promptTrainables(structure, count).slice(0, 1),
    startsAway: true,
    layers: (trained) => ({
      tokens: (block) =>
        block === 0
          ? (x, perturb) => placePrompt(x, { prompt: trained(promptName(0)), replaced: 0, perturb })
          : undefined,
    }),
  }),
});
