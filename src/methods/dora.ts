/** DoRA: a weight's direction changed by LoRA, its rows' lengths trained apart. Liu et al., ICML 2024, https://arxiv.org/abs/2402.09353, eq. 5 and 11. */

import { z } from "zod";
import { add, div, gemm, mul, reshape, sqrt, stopGradient, sum } from "../graph/ops.ts";
import { scalar } from "../graph/value.ts";
import { isMatrixOf, matrixRoles, sitesOption } from "./matrix-sites.ts";
import { defineMethod, startUniform, startZero } from "./method.ts";

export const dora = defineMethod({
  name: "dora",
  summary: "trains the length of each weight row, and its direction by a low-rank matrix (DoRA)",
  learningRate: 2e-4,
  recipe: { learningRate: 1e-3 },
  options: z.strictObject({
    rank: z
      .int()
      .min(1)
      .max(256)
      .default(16)
      .describe("a whole number from 1 to 256")
      .meta({ help: "rank of the added matrix" }),
    /** The sum is scaled by alpha / rank. */
    alpha: z
      .number()
      .gt(0)
      .max(1e4)
      .default(32)
      .describe("a number above 0, at most 10000")
      .meta({ help: "the added matrix is scaled by alpha / rank" }),
    // The authors' five in a language model: q, k, v, up and down.
    sites: sitesOption(matrixRoles, ["q", "k", "v", "fc1", "fc2"]),
  }),
  create: ({ rank, alpha, sites }) => {
    const isAdapted = isMatrixOf(sites);
    return {
      // A as PyTorch starts a linear layer, B at zero, lengths as they are: the weight is W at step 0, to rounding.
      trainables: (structure) =>
        structure.sites.filter(isAdapted).flatMap(({ name, in: into, out }) => [
          {
            name: `${name}.magnitude`,
            shape: [out],
            // Decay would pull the weight itself to 0.
            decay: false,
            start: "frozen" as const,
            from: { name: `${name}.weight`, make: (weight: Float32Array) => rowLengths(weight, into) },
          },
          {
            name: `${name}.lora_a`,
            shape: [rank, into],
            decay: true,
            start: startUniform(rank * into, 1 / Math.sqrt(into)),
          },
          { name: `${name}.lora_b`, shape: [out, rank], decay: true, start: startZero(out * rank) },
        ]),
      // V = W + alpha/r · B·A [out, in];  W' = m ⊙ V / ‖V‖, row by row; gradients take ‖V‖ as a constant (sec. 4.3)
      weight: (site, frozen, trained) => {
        if (!isAdapted(site)) return frozen;
        const product = gemm(trained(`${site.name}.lora_b`), trained(`${site.name}.lora_a`));
        const direction = add(frozen.weight, mul(product, scalar(alpha / rank)));
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
