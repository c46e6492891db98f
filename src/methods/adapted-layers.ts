/** A backbone's layers with a method applied, for training, prediction and merging. */

import { add, mul, reshape, sub } from "../graph/ops.ts";
import { dims } from "../graph/shapes.ts";
import type { Value } from "../graph/value.ts";
import type { BranchSite, LinearSite, NormSite } from "../model/backbone.ts";
import {
  type Affine,
  affineOf,
  changeLayers,
  dense,
  type LayerChanges,
  type Layers,
  once,
  type ValueOf,
  weightLayers,
} from "../model/layers.ts";
import type { Adaptation } from "./method.ts";

export interface AdaptedParts {
  readonly frozen: ValueOf;
  readonly trained: ValueOf;
  readonly adaptation: Adaptation;
}

/** The adapted weights alone, by name: what merging keeps. */
export function adaptedTensors({ frozen, trained, adaptation }: AdaptedParts): {
  /** A site before the method changed it, and after: the same pair where it does not. */
  readonly frozen: (site: LinearSite | NormSite) => Affine;
  readonly affine: (site: LinearSite | NormSite) => Affine;
  readonly parameter: ValueOf;
} {
  const { weight, parameter } = adaptation;
  const before = once(affineOf(frozen));
  return {
    frozen: before,
    affine: once((site) => weight?.(site, before(site), trained) ?? before(site)),
    parameter: once((name) => parameter?.(name, frozen(name), trained) ?? frozen(name)),
  };
}

/** Layers for prediction: adapted weights, and changes on activations where the method makes some. */
export function adaptedLayers(parts: AdaptedParts): Layers {
  const { affine, parameter } = adaptedTensors(parts);
  const layers = weightLayers(affine, parameter);
  const changes = parts.adaptation.layers?.(parts.trained);
  return changes ? changeLayers(layers, changes) : layers;
}

export interface TrainingParts extends AdaptedParts {
  /** What multiplies the output of a residual branch [batch, tokens, width]: dropout's mask, or nothing. */
  readonly mask?: ((site: BranchSite, shape: readonly number[]) => Value | undefined) | undefined;
  /** What multiplies what the method adds at a site, [batch, 1, width]: consistency noise, or nothing. */
  readonly noise?: ((site: NoiseSite) => Value | undefined) | undefined;
}

/** Where consistency noise acts. */
export interface NoiseSite {
  readonly name: string;
  readonly block: number;
  readonly out: number;
}

/** The same layers for training: with dropout and noise, on activations where that takes fewer products. */
export function trainingLayers(parts: TrainingParts): Layers {
  const { adaptation, trained, mask, noise } = parts;
  const { frozen, affine, parameter } = adaptedTensors(parts);
  const weights = weightLayers(affine, parameter);
  const base: Layers = {
    ...weights,
    linear: (site, x) => adaptation.activation?.(site, frozen(site), trained)?.(x) ?? weights.linear(site, x),
    branch: (site, { y }) => {
      const factor = mask?.(site, y.shape);
      return factor ? mul(y, factor) : y;
    },
  };
  const changes = adaptation.layers?.(trained) ?? {};
  const perturb = (block: number, added: Value): Value => {
    const factor = noise?.({ name: `blocks.${block}.tokens`, block, out: added.shape[2] as number });
    return factor ? mul(added, factor) : added;
  };
  const adapted = changeLayers(base, changes, { perturb });
  return noise ? noisyLayers(adapted, { base, frozen, affine, changes, noise }) : adapted;
}

/** The factor is one for all tokens of an image, so windows of tokens become one row of them: [batch, all tokens, width]. */
function byImage(x: Value, factor: Value): Value {
  const [[windows, tokens, width], [batch]] = [dims(x, 3), dims(factor, 3)];
  return windows === batch ? x : reshape(x, [batch, (windows / batch) * tokens, width]);
}

interface NoisyParts {
  readonly base: Layers;
  readonly frozen: (site: LinearSite) => Affine;
  readonly affine: (site: LinearSite) => Affine;
  readonly changes: LayerChanges;
  readonly noise: (site: NoiseSite) => Value | undefined;
}

/**
 * PACE's multiplicative noise: y = frozen(x) + z ⊙ (adapted(x) - frozen(x)) at every matrix and branch that the method
 * changes; norms and patches have none.
 * Ni and Koniusz 2024, https://arxiv.org/abs/2409.17137.
 */
function noisyLayers(adapted: Layers, { base, frozen, affine, changes, noise }: NoisyParts): Layers {
  const factorAt = once((site: LinearSite) => {
    const [before, after] = [frozen(site), affine(site)];
    const changed =
      changes.linear?.(site) !== undefined || before.weight !== after.weight || before.bias !== after.bias;
    return changed && site.kind === "linear" ? noise(site) : undefined;
  });
  const perturbed = (from: Value, to: Value, factor: Value) => {
    const [x, y] = [byImage(from, factor), byImage(to, factor)];
    const sum = add(x, mul(factor, sub(y, x)));
    return x === from ? sum : reshape(sum, to.shape);
  };
  return {
    ...adapted,
    linear: (site, x) => {
      const [y, factor] = [adapted.linear(site, x), factorAt(site)];
      return factor ? perturbed(dense(x, frozen(site)), y, factor) : y;
    },
    branch: (site, io) => {
      // Asked for once: dropout's mask is a new input each time.
      const y = base.branch(site, io);
      const change = changes.branch?.(site);
      const factor = change && noise(site);
      const changed = change?.({ ...io, y }) ?? y;
      return factor ? perturbed(y, changed, factor) : changed;
    },
    matrix: (site) => (factorAt(site) ? undefined : adapted.matrix(site)),
  };
}
