/** RepAdapter: a linear adapter before the matrices, which then holds it. Luo et al. 2023, https://arxiv.org/abs/2302.08106. */

import { z } from "zod";
import { InputError } from "../errors.ts";
import { add, concat, gemm, mul, reshape, slice } from "../graph/ops.ts";
import { scalar, type Value } from "../graph/value.ts";
import type { BranchSite } from "../model/backbone.ts";
import type { Affine, ValueOf } from "../model/layers.ts";
import { bottleneckTrainables, scaleOption } from "./bottleneck.ts";
import { branchesOption, branchReadBy, isBranch } from "./branches.ts";
import { defineMethod, startUniform, startZero } from "./method.ts";

/** How many parts `up` has, each from its part of the bottleneck to its part of the width. */
const GROUPS = 2;

export const repadapter = defineMethod({
  name: "repadapter",
  summary: "adds a linear adapter before attention and before the MLP of every block",
  learningRate: 1e-3,
  recipe: { learningRate: 5e-3 },
  options: z.strictObject({
    bottleneck: z
      .int()
      .min(GROUPS)
      .max(1024)
      .multipleOf(GROUPS)
      .default(8)
      .describe("an even whole number from 2 to 1024")
      .meta({ help: "width of the adapter" }),
    scale: scaleOption(1, "factor of the adapter's output"),
    sites: branchesOption(),
  }),
  create: ({ bottleneck, scale, sites: roles }) => ({
    // `down` by Xavier, uniform within √(6 / (in + bottleneck)); the rest at zero. Their code decays all of it.
    trainables: ({ sites }) =>
      sites.filter(isBranch(roles)).flatMap((site) =>
        bottleneckTrainables(checkGroups(site), {
          bottleneck,
          groups: GROUPS,
          down: startUniform(bottleneck * site.in, Math.sqrt(6 / (site.in + bottleneck))),
          up: startZero((site.in * bottleneck) / GROUPS),
          decayBiases: true,
        }),
      ),
    weight: (site, frozen, trained) => {
      const branch = branchReadBy(site, roles);
      return branch ? absorb(frozen, { trained, scale, name: `blocks.${site.block}.${branch}` }) : frozen;
    },
  }),
});

function checkGroups(site: BranchSite): BranchSite {
  if (site.in % GROUPS === 0) return site;
  throw new InputError(
    `RepAdapter cuts the model's width into ${GROUPS} groups, but ${site.in}, that of ${site.name}, is odd. Choose another method for this model.`,
  );
}

interface AbsorbOptions {
  readonly trained: ValueOf;
  readonly scale: number;
  /** The adapter's. */
  readonly name: string;
}

/**
 * The matrix after the adapter x + s · (U·(D·x + d) + u) is one matrix again: W' = W + s · (W·U)·D and
 * b' = b + s · ((W·U)·d + W·u), with W [out, in], D [bottleneck, in], U [in, bottleneck], d [bottleneck], u [in].
 */
function absorb({ weight, bias }: Affine, { trained, scale, name }: AbsorbOptions): Affine {
  const [out] = bias.shape as [number];
  const column = (vector: string) => {
    const value = trained(`${name}.${vector}`);
    return reshape(value, [value.shape[0] as number, 1]);
  };
  const throughUp = groupedProduct(weight, trained(`${name}.up.weight`)); // W·U [out, bottleneck]
  const shift = add(gemm(throughUp, column("down.bias")), gemm(weight, column("up.bias"))); // [out, 1]
  const scaled = (value: Value) => (scale === 1 ? value : mul(value, scalar(scale)));
  return {
    weight: add(weight, scaled(gemm(throughUp, trained(`${name}.down.weight`)))),
    bias: add(bias, scaled(reshape(shift, [out]))),
  };
}

/** W [out, in] times U [in, bottleneck], of which `up` [in, bottleneck / groups] holds the blocks that are not zero. */
function groupedProduct(weight: Value, up: Value): Value {
  const rows = (up.shape[0] as number) / GROUPS;
  const parts = Array.from({ length: GROUPS }, (_, group) => {
    const range = { from: group * rows, to: (group + 1) * rows };
    return gemm(slice(weight, { axis: 1, ...range }), slice(up, { axis: 0, ...range }));
  });
  return parts.reduce((left, right) => concat(left, right, 1));
}
