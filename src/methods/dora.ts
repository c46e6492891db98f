/** DoRA: a weight's direction changed by LoRA, its rows' lengths trained apart. Liu et al., ICML 2024, https://arxiv.org/abs/2402.09353, eq. 5 and 11. */

import { z } from "zod";
import { add, div, mul, reshape, sqrt, stopGradient, sum } from "../graph/ops.ts";
import { alphaOption, lowRankMatrix, lowRankTrainables, rankOption } from "./low-rank.ts";
import { isMatrixOf, matrixRoles, sitesOption } from "./matrix-sites.ts";
import { defineMethod } from "./method.ts";

export const dora = defineMethod({
  name: "dora",
  summary: "trains the length of each weight row, and its direction by a low-rank matrix (DoRA)",
  learningRate: 2e-4,
  recipe: { learningRate: 1e-3 },
  options: z.strictObject({
    rank: rankOption(16),
    alpha: alphaOption(32),
    // The authors' five in a language model: q, k, v, up and down.
    sites: sitesOption(matrixRoles, ["q", "k", "v", "fc1", "fc2"]),
  }),
  create: ({ rank, alpha, sites }) => {
    const isAdapted = isMatrixOf(sites);
    return {
      // Lengths as they are, and nothing added to a direction: the weight is W at step 0, to rounding.
      trainables: (structure) =>
        structure.sites.filter(isAdapted).flatMap((site) => [
          {
            name: `${site.name}.magnitude`,
            shape: [site.out],
            // Decay would pull the weight itself to 0.
            decay: false,
            start: "frozen" as const,
            from: {
              name: `${site.name}.weight`,
              make: (weight: Float32Array) => rowLengths(weight, site.in),
            },
          },
          ...lowRankTrainables(site, rank),
        ]),
      // V = W + alpha/r · B·A [out, in];  W' = m ⊙ V / ‖V‖, row by row; gradients take ‖V‖ as a constant (sec. 4.3)
      weight: (site, frozen, trained) => {
        if (!isAdapted(site)) return frozen;
        const direction = add(frozen.weight, lowRankMatrix(site, { rank, alpha, trained }));
        const length = sqrt(sum(mul(direction, direction), [1])); // [out, 1]
        const magnitude = reshape(trained(`${site.name}.magnitude`), [site.out, 1]);
        return { ...frozen, weight: mul(direction, div(magnitude, stopGradient(length))) };
      },
    };
  },
});

/** ‖row‖ for each row of `width` numbers. */
const rowLengths = (weight: Float32Array, width: number): Float32Array =>
  Float32Array.from({ length: weight.length / width }, (_, row) => {
    const squares = weight.subarray(row * width, (row + 1) * width).reduce((total, x) => total + x * x, 0);
    return Math.sqrt(squares);
  });
