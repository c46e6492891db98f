/** VPT-Deep: learned tokens behind CLS, new ones in every block. Jia et al., ECCV 2022, https://arxiv.org/abs/2203.12119, eq. 4. */

import { z } from "zod";
import { concat, expand, slice } from "../graph/ops.ts";
import type { Site } from "../model/backbone.ts";
import { defineMethod, startUniform } from "./method.ts";

export const vptDeep = defineMethod({
  name: "vpt-deep",
  summary: "adds learned tokens to the input of every block",
  learningRate: 1e-3,
  unmergeable: "its tokens are part of the input of every block, not of a weight",
  options: z.strictObject({
    tokens: z
      .int()
      .min(1)
      .max(512)
      .default(10)
      .describe("a whole number from 1 to 512")
      .meta({ help: "learned tokens per block" }),
  }),
  create: ({ tokens: count }) => ({
    // Uniform within √(6 / (3·p·p + D)), as if they were patches that the embedding had made; decayed as the authors do.
    trainables: ({ sites }) => {
      const bound = Math.sqrt(6 / fanOf(sites));
      return blocksOf(sites).map(({ block, in: width }) => ({
        name: `blocks.${block}.prompt`,
        shape: [1, count, width],
        decay: true,
        start: startUniform(count * width, bound),
      }));
    },
    layers: (trained) => ({
      tokens: (block) => (x, perturb) => {
        const [batch, tokens, width] = x.shape as [number, number, number];
        const prompts = perturb(expand(trained(`blocks.${block}.prompt`), [batch, count, width]));
        const cls = slice(x, { axis: 1, from: 0, to: 1 });
        // They replace the prompts of the previous block.
        const patches = slice(x, { axis: 1, from: block === 0 ? 1 : 1 + count, to: tokens });
        return concat(concat(cls, prompts, 1), patches, 1); // [batch, 1 + count + patches, width]
      },
    }),
  }),
});

/** One site of each block, in order. */
const blocksOf = (sites: readonly Site[]): Site[] => sites.filter(({ role }) => role === "attention");

/** Inputs and outputs of the patch embedding: 3·p·p + D. */
function fanOf(sites: readonly Site[]): number {
  const patch = sites.find(({ kind }) => kind === "embed");
  if (!patch) throw new Error("internal: a backbone without a patch embedding.");
  return patch.in + patch.out;
}
