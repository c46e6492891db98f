/** SSF: a scale and a shift after every layer. Lian et al., NeurIPS 2022, https://arxiv.org/abs/2210.08823, eq. 3. */

import { z } from "zod";
import { add, mul } from "../graph/ops.ts";
import { hasBias } from "../model/backbone.ts";
import { dense } from "../model/layers.ts";
import { defineMethod, initOption } from "./method.ts";
import { scaleAndShift, scaleShiftTrainables } from "./scale-shift.ts";

export const ssf = defineMethod({
  name: "ssf",
  summary: "scales and shifts the output of every layer",
  learningRate: 5e-3,
  identity: { init: "identity" },
  options: z.strictObject({
    init: initOption(),
  }),
  create: ({ init }) => ({
    trainables: ({ sites }) =>
      sites.flatMap((site) =>
        // Its authors leave all one-dimensional parameters without weight decay, as timm does.
        site.kind === "branch"
          ? []
          : scaleShiftTrainables(site, { noise: init === "official" ? 0.02 : 0, decay: false }),
      ),
    weight: scaleAndShift,
    // y = (x·Wᵀ + b) ⊙ scale + shift: one product forward, one backward, none for W.
    activation: (site, frozen, trained) => (x) => {
      const scaled = mul(dense(x, frozen), trained(`${site.name}.scale`));
      return hasBias(site) ? add(scaled, trained(`${site.name}.shift`)) : scaled;
    },
  }),
});
