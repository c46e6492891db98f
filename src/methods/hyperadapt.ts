/** HyperAdapt: a weight rescaled by rows and columns, RLRR without its residual. Gurung and Campbell 2025, https://arxiv.org/abs/2509.18629, eq. 3. */

import { z } from "zod";
import { add, gemm, mul, reshape } from "../graph/ops.ts";
import { onRows } from "../model/layers.ts";
import { isMatrixOf, matrixRoles, sitesOption } from "./matrix-sites.ts";
import { defineMethod, startEach } from "./method.ts";

export const hyperadapt = defineMethod({
  name: "hyperadapt",
  summary: "rescales every weight by a factor per output and one per input (HyperAdapt)",
  learningRate: 1e-3,
  recipe: { learningRate: 1e-2 },
  options: z.strictObject({ sites: sitesOption(matrixRoles, matrixRoles) }),
  create: ({ sites }) => {
    const isAdapted = isMatrixOf(sites);
    return {
      // Both at 1, so the start is W. Decay would pull the weights themselves to 0.
      trainables: (structure) =>
        structure.sites.filter(isAdapted).flatMap(({ name, in: into, out }) => [
          { name: `${name}.left`, shape: [into], decay: false, start: startEach(into, () => 1) },
          { name: `${name}.right`, shape: [out], decay: false, start: startEach(out, () => 1) },
        ]),
      // W' = diag(right) · W · diag(left) with W [out, in], right [out], left [in]; the bias stays
      weight: (site, frozen, trained) => {
        if (!isAdapted(site)) return frozen;
        const right = reshape(trained(`${site.name}.right`), [site.out, 1]);
        return { ...frozen, weight: mul(mul(frozen.weight, right), trained(`${site.name}.left`)) };
      },
      // y = ((x ⊙ left)·Wᵀ) ⊙ right + b: one product forward, one backward, none for W.
      activation: (site, frozen, trained) =>
        isAdapted(site)
          ? (x) => {
              const scaled = mul(x, trained(`${site.name}.left`));
              const y = onRows(scaled, (rows) => gemm(rows, frozen.weight, { transB: true }));
              return add(mul(y, trained(`${site.name}.right`)), frozen.bias);
            }
          : undefined,
    };
  },
});
