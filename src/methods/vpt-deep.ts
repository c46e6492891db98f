/** VPT-Deep: learned tokens behind CLS, new ones in every block. Jia et al., ECCV 2022, https://arxiv.org/abs/2203.12119, eq. 4. */

import { z } from "zod";
import { defineMethod } from "./method.ts";
import { placePrompt, promptName, promptTrainables, tokensOption } from "./prompts.ts";

export const vptDeep = defineMethod({
  name: "vpt-deep",
  summary: "adds learned tokens to the input of every block",
  learningRate: 1e-3,
  // As with VPT-Shallow.
  recipe: { patience: 0 },
  unmergeable: "its tokens are part of the input of every block, not of a weight",
  byBlocks: false,
  options: z.strictObject({ tokens: tokensOption(10, "learned tokens per block") }),
  create: ({ tokens: count }) => ({
    trainables: (structure) => promptTrainables(structure, count),
    startsAway: true,
    layers: (trained) => ({
      // Those of a later block replace those of the block before.
      tokens: (block) => (x, perturb) =>
        placePrompt(x, { prompt: trained(promptName(block)), replaced: block === 0 ? 0 : count, perturb }),
    }),
  }),
});
