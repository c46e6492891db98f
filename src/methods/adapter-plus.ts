/** Adapter+: an adapter after each whole block, scaled per channel. Steitz and Roth, CVPR 2024, https://arxiv.org/abs/2406.06820. */

import { z } from "zod";
import { add, gelu, mul } from "../graph/ops.ts";
import { bottleneckOf, bottleneckOption, bottleneckTrainables, nearZero } from "./bottleneck.ts";
import { isBranch } from "./branches.ts";
import { defineMethod, initOption, startEach } from "./method.ts";

const isAdapted = isBranch(["mlp"]);

export const adapterPlus = defineMethod({
  name: "adapter-plus",
  summary: "adds a narrow MLP with a learned scale after every block (Adapter+)",
  learningRate: 1e-3,
  recipe: { learningRate: 5e-3 },
  identity: { init: "identity" },
  unmergeable: "it has a GELU inside, which no weight can hold",
  options: z.strictObject({ bottleneck: bottleneckOption("width of the adapter"), init: initOption() }),
  create: ({ bottleneck, init }) => ({
    trainables: ({ sites }) =>
      sites.filter(isAdapted).flatMap((site) => [
        ...bottleneckTrainables(site, nearZero(site, { bottleneck, init })),
        {
          name: `${site.name}.scale`,
          shape: [site.out],
          decay: false,
          start: startEach(site.out, () => 1),
        },
      ]),
    // z + scale ⊙ up(GELU(down(z))), with z = x + y [batch, tokens, D] the block's output: y is what its MLP adds to x.
    layers: (trained) => ({
      branch: (site) =>
        isAdapted(site)
          ? ({ x, y }) => {
              const added = bottleneckOf(add(x, y), { site, trained, between: gelu });
              return add(y, mul(added, trained(`${site.name}.scale`)));
            }
          : undefined,
    }),
  }),
});
