/** The interface of an architecture: sites, named tensors, and a forward pass that calls layers. */

import type { Shape } from "../formats/tensor.ts";
import type { Value } from "../graph/value.ts";
import type { Layers } from "./layers.ts";
import type { Site } from "./sites.ts";

export type { BranchSite, LinearSite, NormSite, Site } from "./sites.ts";
export { hasBias } from "./sites.ts";

/** The values on the way from images to a feature; tests compare them with other implementations. */
export interface BackboneValues {
  /** After CLS and positions: [batch, tokens, width]. */
  readonly embedded: Value;
  /** After each block: [batch, tokens, width]; the last may hold only the tokens that the feature reads. */
  readonly blocks: readonly Value[];
  /** What the head reads: [batch, featureWidth]. */
  readonly feature: Value;
}

/** What methods need to know to say what they train. */
export interface Structure {
  /** In the order an image passes them. */
  readonly sites: readonly Site[];
  /** Every named tensor, without the head, in the same order. */
  readonly shapes: ReadonlyMap<string, Shape>;
  /** Why no tokens can be added to those of a block, the end of a sentence; absent where they can. */
  readonly fixedTokens?: string;
}

export interface Backbone extends Structure {
  /** Of the input in pixels. */
  readonly imageSize: readonly [height: number, width: number];
  readonly featureWidth: number;
  readonly blocks: number;
  /** Tokens per image. */
  readonly tokens: number;
  /** Bytes that one image keeps from the forward to the backward pass, about. */
  readonly activationBytes: number;
  /** images [batch, 3, height, width] → values. */
  forward(images: Value, layers: Layers): BackboneValues;
}

/** The names and shapes of a classification head. */
export const headShapes = (
  { featureWidth }: Pick<Backbone, "featureWidth">,
  classes: number,
): Map<string, Shape> =>
  new Map([
    ["head.weight", [classes, featureWidth]],
    ["head.bias", [classes]],
  ]);
