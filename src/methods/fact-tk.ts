/** FacT-TK: all increments as one Tucker tensor. Jie and Deng, AAAI 2023, https://arxiv.org/abs/2212.03145. */

import { add, gemm, reshape, transpose } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import type { LinearSite } from "../model/backbone.ts";
import type { ValueOf } from "../model/layers.ts";
import { basesOf, factOptions, increment, isFactored, squaresOf } from "./fact.ts";
import { defineMethod, startUniform, type Trainable } from "./method.ts";

export const factTk = defineMethod({
  name: "fact-tk",
  summary: "adds low-rank matrices out of a core and bases that all matrices share",
  learningRate: 1e-3,
  recipe: { learningRate: 3e-3 },
  options: factOptions(32),
  create: (options) => ({
    // The authors give everything to the optimizer in one group, so all of it decays; P is one matrix [r, squares] there.
    trainables: (structure) => {
      const { rank } = options;
      const { width, bases } = basesOf(structure, rank);
      const sites = structure.sites.filter(isFactored).map((site) => {
        const { rows, columns } = squaresOf(site, width);
        return { site, squares: rows * columns };
      });
      const all = sites.reduce((sum, { squares }) => sum + squares, 0);
      const core: Trainable = {
        name: "shared.core",
        shape: [rank, rank, rank],
        decay: true,
        start: startUniform(rank ** 3, Math.sqrt(3) / rank),
      };
      const columns = sites.map(({ site, squares }): Trainable => {
        const start = startUniform(rank * squares, Math.sqrt(6 / (rank + all)));
        return { name: `${site.name}.p`, shape: [rank, squares], decay: true, start };
      });
      return [...bases, core, ...columns];
    },
    // W' = W + s·V·Σ·U, Σ being the core [r, r, r] times the matrix's columns of P [r, squares]
    weight: (site, frozen, trained) =>
      isFactored(site)
        ? {
            ...frozen,
            weight: add(frozen.weight, increment(site, coreOf(site, trained), { ...options, trained })),
          }
        : frozen,
  }),
});

/**
 * Σ [rows·r, columns·r]. The authors' code reshapes [r, r, squares] to [r, r·squares], which deals the numbers of the four
 * cores of fc1 and fc2 out in turn; so it is here.
 */
function coreOf({ name, in: into, out }: LinearSite, trained: ValueOf): Value {
  const [core, p] = [trained("shared.core"), trained(`${name}.p`)];
  const [rank, squares] = p.shape as [number, number];
  const dealt = reshape(gemm(reshape(core, [rank * rank, rank]), p), [rank, rank * squares]);
  return into > out ? dealt : transpose(dealt, [1, 0]);
}
