/** ARC: one projection for all layers, re-composed in each. Dong et al., NeurIPS 2023, https://arxiv.org/abs/2310.06234. */

import { z } from "zod";
import { add, gemm, linear, mul, reshape } from "../graph/ops.ts";
import type { Site } from "../model/backbone.ts";
import { bottleneckOption } from "./bottleneck.ts";
import { branchesOption, branchReadBy, isBranch } from "./branches.ts";
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
    trainables: ({ sites: all }) =>
      // Each branch once, however often it was named.
      [...new Set(sites)].flatMap((branch) => {
        const places = all.filter(isBranch([branch]));
        const atZero = branch === "attention" || init === "identity";
        const shared = new Map(
          places.map((site): [string, Trainable] => {
            const [name, width] = [sharedName(site, branch), site.in];
            const start = startUniform(bottleneck * width, Math.sqrt(6 / (width + bottleneck)));
            return [name, { name, shape: [bottleneck, width], decay: true, start }];
          }),
        );
        const each = places.flatMap(({ name, in: width }): Trainable[] => [
          {
            name: `${name}.scale`,
            shape: [bottleneck],
            decay: true,
            start: atZero ? startZero(bottleneck) : startUniform(bottleneck, Math.sqrt(6 / (1 + bottleneck))),
          },
          { name: `${name}.shift`, shape: [width], decay: true, start: startZero(width) },
        ]);
        return [...shared.values(), ...each];
      }),
    // What the norm gives becomes x + ((x·downᵀ) ⊙ scale)·down + shift, x [tokens, D], before q, k and v or before fc1.
    // So W' = W + ((W·downᵀ) ⊙ scale)·down, and b' = b + W·shift.
    weight: (site, frozen, trained) => {
      const branch = branchReadBy(site, sites);
      if (!branch) return frozen;
      const down = trained(sharedName(site, branch)); // [bottleneck, D]
      const own = (part: string) => trained(`blocks.${site.block}.${branch}.${part}`);
      const scaled = mul(gemm(frozen.weight, down, { transB: true }), own("scale")); // [out, bottleneck]
      const bias = linear(reshape(own("shift"), [1, site.in]), frozen.weight, frozen.bias); // [1, out]
      return { weight: add(frozen.weight, gemm(scaled, down)), bias: reshape(bias, [site.out]) };
    },
  }),
});

/** All blocks share it; where their widths differ by stage, those of a stage. */
const sharedName = ({ stage }: Site, branch: string): string =>
  stage === undefined ? `shared.${branch}.down` : `shared.stages.${stage}.${branch}.down`;
