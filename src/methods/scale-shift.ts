/** SSF's pair at one site, y·scale + shift: what SSF puts everywhere, and RLRR at norms and the patch embedding. */

import { add, mul, reshape } from "../graph/ops.ts";
import { hasBias, type LinearSite, type NormSite } from "../model/backbone.ts";
import type { Affine, ValueOf } from "../model/layers.ts";
import { startEach, type Trainable } from "./method.ts";

/** Folded into the site's own weight and bias: W' = scale ⊙ W, row by row, and b' = scale ⊙ b + shift. */
export function scaleAndShift(
  site: LinearSite | NormSite,
  { weight, bias }: Affine,
  trained: ValueOf,
): Affine {
  const { name, kind, out } = site;
  const scale = trained(`${name}.scale`);
  return {
    weight: mul(weight, kind === "norm" ? scale : reshape(scale, [out, 1])),
    bias: hasBias(site) ? add(mul(bias, scale), trained(`${name}.shift`)) : bias,
  };
}

/** Scale from N(1, noise²), shift from N(0, noise²). Lian et al. 2022, https://arxiv.org/abs/2210.08823: noise 0.02. */
export const scaleShiftTrainables = (
  site: LinearSite | NormSite,
  { noise, decay }: { readonly noise: number; readonly decay: boolean },
): Trainable[] => {
  const { name, out } = site;
  const row = (part: string, near: number): Trainable => ({
    ...{ name: `${name}.${part}`, shape: [out], decay },
    start: startEach(out, (random) => near + noise * random.normal()),
  });
  return hasBias(site) ? [row("scale", 1), row("shift", 0)] : [row("scale", 1)];
};
