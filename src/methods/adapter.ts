/** Adapters after attention and after the MLP. Houlsby et al., ICML 2019, https://arxiv.org/abs/1902.00751, section 2.1. */

import { z } from "zod";
import { add, gelu } from "../graph/ops.ts";
import { bottleneckOf, bottleneckOption, bottleneckTrainables, nearZero } from "./bottleneck.ts";
import { branchesOption, isBranch } from "./branches.ts";
import { defineMethod, initOption } from "./method.ts";

export const adapter = defineMethod({
  name: "adapter",
  summary: "adds a narrow MLP after attention and after the MLP of every block (Houlsby)",
  learningRate: 1e-3,
  recipe: { learningRate: 5e-3 },
  identity: { init: "identity" },
  unmergeable: "it has a GELU inside, which no weight can hold",
  options: z.strictObject({
    bottleneck: bottleneckOption("width of the adapter"),
    sites: branchesOption(),
    init: initOption(),
  }),
  create: ({ bottleneck, sites: roles, init }) => {
    const isAdapted = isBranch(roles);
    return {
      trainables: ({ sites }) =>
        sites
          .filter(isAdapted)
          .flatMap((site) => bottleneckTrainables(site, nearZero(site, { bottleneck, init }))),
      // x + y + up(GELU(down(y))), with y [batch, tokens, D] what the branch made of x, before it is added to x.
      layers: (trained) => ({
        branch: (site) =>
          isAdapted(site) ? ({ y }) => add(y, bottleneckOf(y, { site, trained, between: gelu })) : undefined,
      }),
    };
  },
});
