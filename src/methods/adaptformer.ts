/** AdaptFormer: a thin MLP beside that of each block. Chen et al., NeurIPS 2022, https://arxiv.org/abs/2205.13535, eq. 5–6. */

import { z } from "zod";
import { add, mul, relu } from "../graph/ops.ts";
import { scalar } from "../graph/value.ts";
import { affineOf, dense } from "../model/layers.ts";
import { defineMethod, startUniform, startZero } from "./method.ts";

export const adaptformer = defineMethod({
  name: "adaptformer",
  summary: "adds a narrow branch beside the MLP of every block",
  learningRate: 1e-3,
  unmergeable: "its branch has a ReLU inside, which no weight can hold",
  options: z.strictObject({
    bottleneck: z
      .int()
      .min(1)
      .max(1024)
      .default(8)
      .describe("a whole number from 1 to 1024")
      .meta({ help: "width of the branch" }),
    scale: z
      .number()
      .gt(0)
      .max(1e3)
      .default(0.1)
      .describe("a number above 0, at most 1000")
      .meta({ help: "factor of the branch's output" }),
  }),
  create: ({ bottleneck, scale }) => ({
    // `down` by Kaiming with a = √5, which is uniform within ±1/√in; the rest at zero, so the branch is silent at step 0.
    trainables: ({ sites }) =>
      sites
        .filter(({ kind, role }) => kind === "branch" && role === "mlp")
        .flatMap(({ name, in: into, out }) => [
          {
            name: `${name}.down.weight`,
            shape: [bottleneck, into],
            decay: true,
            start: startUniform(bottleneck * into, 1 / Math.sqrt(into)),
          },
          { name: `${name}.down.bias`, shape: [bottleneck], decay: false, start: startZero(bottleneck) },
          {
            name: `${name}.up.weight`,
            shape: [out, bottleneck],
            decay: true,
            start: startZero(out * bottleneck),
          },
          { name: `${name}.up.bias`, shape: [out], decay: false, start: startZero(out) },
        ]),
    // y + s · up(ReLU(down(x))), with x before the block's norm, as in the authors' code.
    layers: (trained) => ({
      branch: ({ name, role }) =>
        role === "mlp"
          ? ({ x, y }) => {
              const part = (side: string) => affineOf(trained)({ name: `${name}.${side}` });
              const up = dense(relu(dense(x, part("down"))), part("up"));
              return add(y, mul(up, scalar(scale)));
            }
          : undefined,
    }),
  }),
});
