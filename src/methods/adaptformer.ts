/** AdaptFormer: a thin MLP beside that of each block. Chen et al., NeurIPS 2022, https://arxiv.org/abs/2205.13535, eq. 5–6. */

import { z } from "zod";
import { add, mul, relu } from "../graph/ops.ts";
import { scalar } from "../graph/value.ts";
import { bottleneckOf, bottleneckOption, bottleneckTrainables, scaleOption } from "./bottleneck.ts";
import { isBranch } from "./branches.ts";
import { defineMethod, startUniform, startZero } from "./method.ts";

const isAdapted = isBranch(["mlp"]);

export const adaptformer = defineMethod({
  name: "adaptformer",
  summary: "adds a narrow branch beside the MLP of every block",
  learningRate: 1e-3,
  recipe: { learningRate: 5e-3 },
  unmergeable: "its branch has a ReLU inside, which no weight can hold",
  options: z.strictObject({
    bottleneck: bottleneckOption("width of the branch"),
    scale: scaleOption(0.1, "factor of the branch's output"),
  }),
  create: ({ bottleneck, scale }) => ({
    // `down` by Kaiming with a = √5, which is uniform within ±1/√in; the rest at zero, so the branch is silent at step 0.
    trainables: ({ sites }) =>
      sites.filter(isAdapted).flatMap((site) =>
        bottleneckTrainables(site, {
          bottleneck,
          down: startUniform(bottleneck * site.in, 1 / Math.sqrt(site.in)),
          up: startZero(site.out * bottleneck),
        }),
      ),
    // y + s · up(ReLU(down(x))), with x before the block's norm, as in the authors' code.
    layers: (trained) => ({
      branch: (site) =>
        isAdapted(site)
          ? ({ x, y }) => add(y, mul(bottleneckOf(x, { site, trained, between: relu }), scalar(scale)))
          : undefined,
    }),
  }),
});
