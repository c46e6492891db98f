/** ARC: one projection for all layers, re-composed in each. Dong et al., NeurIPS 2023, https://arxiv.org/abs/2310.06234. */

import { z } from "zod";
import { add, gemm, linear, mul, reshape } from "../graph/ops.ts";
import { bottleneckOption } from "./bottleneck.ts";
import { branchesOption, branchReadBy } from "./branches.ts";
import { defineMethod, initOption, startUniform, startZero, type Trainable } from "./method.ts";

export const arc = defineMethod({
  name: "arc",
  summary: "adapts what attention and MLP read, by projections that all blocks share",
  learningRate: 1e-2,
  identity: { init: "identity" },
  options: z.strictObject({
    bottleneck: bottleneckOption("width of the projection", 50),
    sites: branchesOption(),
    init: initOption(),
  }),
  create: ({ bottleneck, sites, init }) => ({
    // The authors decay nothing on VTAB-1k and everything alike on FGVC.
    trainables: (structure) =>
      // Each branch once, however often it was named.
      [...new Set(sites)].flatMap((branch) => {
        const places = structure.sites.filter(({ kind, role }) => kind === "branch" && role === branch);
        const width = places[0]?.in ?? 0;
        const atZero = branch === "attention" || init === "identity";
        const shared: Trainable = {
          name: `shared.${branch}.down`,
          shape: [bottleneck, width],
          decay: true,
          start: startUniform(bottleneck * width, Math.sqrt(6 / (width + bottleneck))),
        };
        const each = places.flatMap(({ name }): Trainable[] => [
          {
            name: `${name}.scale`,
            shape: [bottleneck],
            decay: true,
            start: atZero ? startZero(bottleneck) : startUniform(bottleneck, Math.sqrt(6 / (1 + bottleneck))),
          },
          { name: `${name}.shift`, shape: [width], decay: true, start: startZero(width) },
        ]);
        return [shared, ...each];
      }),
    // What the norm gives becomes x + ((x·downᵀ) ⊙ scale)·down + shift, x [tokens, D], before q, k and v or before fc1.
    // So W' = W + ((W·downᵀ) ⊙ scale)·down, and b' = b + W·shift.
    weight: (site, frozen, trained) => {
      const branch = branchReadBy(site, sites);
      if (!branch) return frozen;
      const down = trained(`shared.${branch}.down`); // [bottleneck, D]
      const own = (part: string) => trained(`blocks.${site.block}.${branch}.${part}`);
      const scaled = mul(gemm(frozen.weight, down, { transB: true }), own("scale")); // [out, bottleneck]
      const bias = linear(reshape(own("shift"), [1, site.in]), frozen.weight, frozen.bias); // [1, out]
      return { weight: add(frozen.weight, gemm(scaled, down)), bias: reshape(bias, [site.out]) };
    },
  }),
});
