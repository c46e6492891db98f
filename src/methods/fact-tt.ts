/** FacT-TT: all increments as one tensor train, ΔW = s·V·Σ·U. Jie and Deng, AAAI 2023, https://arxiv.org/abs/2212.03145. */

import { add } from "../graph/ops.ts";
import { basesOf, factOptions, increment, isFactored, squaresOf } from "./fact.ts";
import { defineMethod, startUniform } from "./method.ts";

export const factTt = defineMethod({
  name: "fact-tt",
  summary: "adds low-rank matrices between two bases that all matrices share",
  learningRate: 1e-3,
  recipe: { learningRate: 3e-3 },
  options: factOptions(16),
  create: (options) => ({
    // The authors give everything to the optimizer in one group, so all of it decays.
    trainables: (structure) => {
      const { rank } = options;
      const { width, bases } = basesOf(structure, rank);
      const cores = structure.sites.filter(isFactored).map((site) => {
        const { rows, columns } = squaresOf(site, width);
        const [out, into] = [rows * rank, columns * rank];
        // As PyTorch starts the weight of a linear layer, uniform within ±1/√in.
        const start = startUniform(out * into, 1 / Math.sqrt(into));
        return { name: `${site.name}.sigma`, shape: [out, into], decay: true, start };
      });
      return [...bases, ...cores];
    },
    // W' = W + s·V·Σ·U with V [D, r], Σ [r, r] of each square of the matrix, U [r, D]
    weight: (site, frozen, trained) =>
      isFactored(site)
        ? {
            ...frozen,
            weight: add(
              frozen.weight,
              increment(site, trained(`${site.name}.sigma`), { ...options, trained }),
            ),
          }
        : frozen,
  }),
});
