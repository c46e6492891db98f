/** Convpass: a bypass with a convolution beside each branch. Jie and Deng 2022, https://arxiv.org/abs/2207.07039. */

import { z } from "zod";
import { add, concat, mul, reshape, slice } from "../graph/ops.ts";
import { scalar, type Value } from "../graph/value.ts";
import { quickGelu } from "../model/activations.ts";
import { convolution, middleOf } from "../model/convolution.ts";
import { type Affine, affineOf, dense } from "../model/layers.ts";
import type { BranchSite } from "../model/sites.ts";
import { bottleneckOf, bottleneckOption, bottleneckTrainables, scaleOption } from "./bottleneck.ts";
import { branchesOption, isBranch } from "./branches.ts";
import { defineMethod, startUniform, startZero, type Trainable } from "./method.ts";

/** The kernel is 3 by 3. */
const SIZE = 3;

const options = z.strictObject({
  bottleneck: bottleneckOption("width of the bypass"),
  scale: scaleOption(1, "factor of the bypass' output"),
  sites: branchesOption(),
  /** Its authors choose by task. */
  kernel: z
    .enum(["identity", "xavier"])
    .default("identity")
    .describe("identity or xavier")
    .meta({ help: "how the convolution starts" }),
});
type Options = z.output<typeof options>;

export const convpass = defineMethod({
  name: "convpass",
  summary: "adds a narrow bypass with a convolution beside attention and the MLP of every block",
  learningRate: 1e-3,
  recipe: { learningRate: 5e-3 },
  unmergeable: "its bypass has a convolution over the patches inside, which no weight can hold",
  options,
  create: ({ sites: roles, ...settings }) => {
    const isAdapted = isBranch(roles);
    return {
      trainables: ({ sites }) => sites.filter(isAdapted).flatMap((site) => trainablesAt(site, settings)),
      // y + s · up(q(conv(q(down(normed))))) [batch, tokens, D], with q = QuickGELU, conv 3 by 3 on [rows, columns, bottleneck]
      // and normed what the branch itself reads, x after its norm.
      layers: (trained) => ({
        branch: (site) =>
          isAdapted(site)
            ? ({ normed, y }) => {
                const kernel = affineOf(trained)({ name: `${site.name}.conv` });
                const between = (narrow: Value) =>
                  quickGelu(convolvePatches(quickGelu(narrow), { site, kernel }));
                const added = bottleneckOf(normed, { site, trained, between });
                return add(y, settings.scale === 1 ? added : mul(added, scalar(settings.scale)));
              }
            : undefined,
        tokenwise: false,
      }),
    };
  },
});

/** `down` by Xavier, `up` and all biases at zero, so the bypass is silent at step 0. Their code decays all of it. */
function trainablesAt(site: BranchSite, { bottleneck, kernel }: Omit<Options, "sites">): Trainable[] {
  const [count, fan] = [bottleneck ** 2 * SIZE ** 2, bottleneck * SIZE ** 2];
  const start =
    kernel === "xavier" ? startUniform(count, Math.sqrt(6 / (2 * fan))) : startPassing(bottleneck);
  const name = `${site.name}.conv`;
  return [
    ...bottleneckTrainables(site, {
      bottleneck,
      down: startUniform(bottleneck * site.in, Math.sqrt(6 / (site.in + bottleneck))),
      up: startZero(site.out * bottleneck),
      decayBiases: true,
    }),
    { name: `${name}.weight`, shape: [bottleneck, bottleneck, SIZE, SIZE], decay: true, start },
    { name: `${name}.bias`, shape: [bottleneck], decay: true, start: startZero(bottleneck) },
  ];
}

/** A kernel that gives back what it reads: 1 from each channel to itself, in the middle. */
const startPassing = (channels: number) => () => {
  const weight = new Float32Array(channels ** 2 * SIZE ** 2);
  const middle = (SIZE ** 2 - 1) / 2;
  for (let channel = 0; channel < channels; channel++)
    weight[(channel * channels + channel) * SIZE ** 2 + middle] = 1;
  return weight;
};

/**
 * The patches [batch, rows · columns, bottleneck] as a grid through the kernel; CLS, and whatever else stands before them,
 * as a grid of one place each, as in the authors' code.
 */
function convolvePatches(x: Value, { site, kernel }: { site: BranchSite; kernel: Affine }): Value {
  const [batch, tokens, width] = x.shape as [number, number, number];
  const [rows, columns] = site.grid;
  const first = tokens - rows * columns;
  const own = first === 0 ? x : slice(x, { axis: 1, from: first, to: tokens });
  const grid = reshape(own, [batch, rows, columns, width]);
  const patches = reshape(convolution(grid, kernel), [batch, rows * columns, width]);
  if (first === 0) return patches;
  return concat(dense(slice(x, { axis: 1, from: 0, to: first }), middleOf(kernel)), patches, 1);
}
