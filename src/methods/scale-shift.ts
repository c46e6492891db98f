/** SSF's pair at one site, y·scale + shift: what SSF puts everywhere, and RLRR at norms and the patch embedding. */

import { add, mul, reshape } from "../graph/ops.ts";
import type { LinearSite, NormSite } from "../model/backbone.ts";
import type { Affine, ValueOf } from "../model/layers.ts";
import { startEach, type Trainable } from "./method.ts";

/** Folded into the site's own weight and bias: W' = scale ⊙ W, row by row, and b' = scale ⊙ b + shift. */
export function scaleAndShift(
  { name, kind, out }: LinearSite | NormSite,
  { weight, bias }: Affine,
  trained: ValueOf,
): Affine {
  const scale = trained(`${name}.scale`);
  return {
    weight: mul(weight, kind === "norm" ? scale : reshape(scale, [out, 1])),
    bias: add(mul(bias, scale), trained(`${name}.shift`)),
  };
}

/** Scale from N(1, noise²), shift from N(0, noise²). Lian et al. 2022, https://arxiv.org/abs/2210.08823: noise 0.02. */
export const scaleShiftTrainables = (
  { name, out }: LinearSite | NormSite,
  { noise, decay }: { readonly noise: number; readonly decay: boolean },
): Trainable[] => [
  {
    name: `${name}.scale`,
    shape: [out],
    decay,
    start: startEach(out, (random) => 1 + noise * random.normal()),
  },
  {
    name: `${name}.shift`,
    shape: [out],
    decay,
    start: startEach(out, (random) => noise * random.normal()),
  },
];
