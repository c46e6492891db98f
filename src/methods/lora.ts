/** LoRA: a product of two thin matrices added to a weight. Hu et al. 2021, https://arxiv.org/abs/2106.09685, eq. 3. */

import { z } from "zod";
import { add, gemm, mul } from "../graph/ops.ts";
import { scalar } from "../graph/value.ts";
import { isMatrixOf, matrixRoles, sitesOption } from "./matrix-sites.ts";
import { defineMethod, startUniform, startZero } from "./method.ts";

export const lora = defineMethod({
  name: "lora",
  summary: "adds a low-rank matrix to the query and value weights",
  learningRate: 1e-3,
  options: z.strictObject({
    rank: z
      .int()
      .min(1)
      .max(256)
      .default(8)
      .describe("a whole number from 1 to 256")
      .meta({ help: "rank of the added matrix" }),
    /** The sum is scaled by alpha / rank. */
    alpha: z
      .number()
      .gt(0)
      .max(1e4)
      .default(8)
      .describe("a number above 0, at most 10000")
      .meta({ help: "the added matrix is scaled by alpha / rank" }),
    sites: sitesOption(matrixRoles, ["q", "v"]),
  }),
  create: ({ rank, alpha, sites }) => {
    const isAdapted = isMatrixOf(sites);
    return {
      // A as PyTorch starts the weight of a linear layer, uniform within ±1/√in; B at zero, so the sum is W at step 0.
      trainables: (structure) =>
        structure.sites.filter(isAdapted).flatMap(({ name, in: into, out }) => [
          {
            name: `${name}.lora_a`,
            shape: [rank, into],
            decay: true,
            start: startUniform(rank * into, 1 / Math.sqrt(into)),
          },
          { name: `${name}.lora_b`, shape: [out, rank], decay: true, start: startZero(out * rank) },
        ]),
      // W' = W + alpha/r · B·A
      weight: (site, frozen, trained) => {
        if (!isAdapted(site)) return frozen;
        const product = gemm(trained(`${site.name}.lora_b`), trained(`${site.name}.lora_a`));
        const scaled = alpha === rank ? product : mul(product, scalar(alpha / rank));
        return { ...frozen, weight: add(frozen.weight, scaled) };
      },
    };
  },
});
