/** LayerNorm tuning: scale and bias of every norm train, nothing else. Basu et al., AAAI 2024, https://arxiv.org/abs/2304.01917, sec. 4.2. */

import { z } from "zod";
import { affineOf } from "../model/layers.ts";
import { defineMethod } from "./method.ts";

export const norm = defineMethod({
  name: "norm",
  summary: "trains scale and bias of every norm (LayerNorm tuning)",
  learningRate: 1e-3,
  recipe: { learningRate: 1e-2 },
  options: z.strictObject({}),
  create: () => ({
    // Both norms of each block and the last one, from where they are; vectors are not decayed.
    trainables: ({ sites }) =>
      sites
        .filter(({ kind }) => kind === "norm")
        .flatMap(({ name, out }) =>
          ["weight", "bias"].map((part) => ({
            name: `${name}.${part}`,
            shape: [out],
            decay: false,
            start: "frozen" as const,
          })),
        ),
    // y = normalize(x) ⊙ w' + b' with w' and b' trained, both [width]
    weight: (site, frozen, trained) => (site.kind === "norm" ? affineOf(trained)(site) : frozen),
  }),
});
