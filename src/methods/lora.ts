/** LoRA: a product of two thin matrices added to a weight. Hu et al. 2021, https://arxiv.org/abs/2106.09685, eq. 3. */

import { z } from "zod";
import { add } from "../graph/ops.ts";
import { alphaOption, lowRankMatrix, lowRankTrainables, rankOption } from "./low-rank.ts";
import { isMatrixOf, matrixRoles, sitesOption } from "./matrix-sites.ts";
import { defineMethod } from "./method.ts";

export const lora = defineMethod({
  name: "lora",
  summary: "adds a low-rank matrix to the query and value weights",
  learningRate: 1e-3,
  options: z.strictObject({
    rank: rankOption(8),
    alpha: alphaOption(8),
    sites: sitesOption(matrixRoles, ["q", "v"]),
  }),
  create: ({ rank, alpha, sites }) => {
    const isAdapted = isMatrixOf(sites);
    return {
      trainables: (structure) =>
        structure.sites.filter(isAdapted).flatMap((site) => lowRankTrainables(site, rank)),
      // W' = W + alpha/r · B·A
      weight: (site, frozen, trained) =>
        isAdapted(site)
          ? { ...frozen, weight: add(frozen.weight, lowRankMatrix(site, { rank, alpha, trained })) }
          : frozen,
    };
  },
});
