/** The text tower of CLIP and SigLIP: the blocks of a Vision Transformer over the tokens of a text, whose last one is the feature. */

import type { Shape, Weights } from "../formats/tensor.ts";
import { add, linear, matmul, reshape, slice } from "../graph/ops.ts";
import { constant, type Graph, input, type Value } from "../graph/value.ts";
import type { ActivationName } from "../model/activations.ts";
import { affineOf, weightLayers } from "../model/layers.ts";
import { block } from "../model/vit-block.ts";
import type { VitConfig } from "../model/vit-config.ts";
import { sitesOf, vitParts } from "../model/vit-parts.ts";
import { constantsOf } from "../model/weight-constants.ts";
import { needed } from "../needed.ts";

export interface TextConfig {
  readonly width: number;
  readonly depth: number;
  readonly heads: number;
  readonly mlpWidth: number;
  readonly layerNormEps: number;
  readonly activation: ActivationName;
  /** The most tokens of a text. */
  readonly tokens: number;
  /** Whether a token sees those before it alone, as in CLIP. Otherwise texts are filled up to all tokens, as in SigLIP. */
  readonly causal: boolean;
  /** Columns of the space of images and texts. */
  readonly features: number;
}

/** A text is an image of one row, whose patches are tokens. */
const asRow = ({ width, depth, heads, mlpWidth, layerNormEps, activation }: TextConfig, tokens: number) =>
  ({
    ...{ width, depth, heads, mlpWidth, layerNormEps, activation, imageSize: [1, tokens], patchSize: 1 },
    ...{ classes: 0, classToken: false, pool: "mean" },
  }) as const satisfies VitConfig;

/** Names and shapes of the tower's tensors, but for the table of tokens. */
export function textShapes(config: TextConfig): ReadonlyMap<string, Shape> {
  const { width, tokens, features } = config;
  const shapes = new Map<string, Shape>([["position", [tokens, width]]]);
  for (const { kind, name, in: from, out } of sitesOf(vitParts(asRow(config, tokens)))) {
    if (kind === "branch" || kind === "embed") continue;
    shapes.set(`${name}.weight`, kind === "norm" ? [out] : [out, from]).set(`${name}.bias`, [out]);
  }
  return shapes.set("projection.weight", [features, width]).set("projection.bias", [features]);
}

export interface TextGraphOptions {
  readonly weights: Weights;
  readonly batchSize: number;
  /** Tokens of the longest text. */
  readonly tokens: number;
}

/**
 * Inputs `embeddings` [batch, tokens, width], rows of the table of tokens, and `last` [batch, 1, tokens], 1 at the last token
 * and 0 elsewhere; output `feature` [batch, features], not of length 1 yet. Radford et al. 2021,
 * https://arxiv.org/abs/2103.00020, section 2.4; Zhai et al. 2023, https://arxiv.org/abs/2303.15343.
 */
export function textGraph(config: TextConfig, { weights, batchSize, tokens }: TextGraphOptions): Graph {
  const { width, causal } = config;
  const values = constantsOf(weights);
  const affine = affineOf(values);
  const layers = weightLayers(affine, values);
  const row = asRow(config, tokens);
  const { blocks, norm } = vitParts(row);
  const position = slice(values("position"), { axis: 0, from: 0, to: tokens });
  const embeddings = input("embeddings", [batchSize, tokens, width]);
  let x: Value = add(embeddings, position);
  const mask = causal ? constant(hideLater(tokens)) : undefined;
  for (const sites of blocks)
    x = block(x, layers, { sites, config: row, clsAlone: false, ...(mask && { mask }) });
  const normed = layers.norm(needed(norm, "norm of the tower"), x);
  const last = matmul(input("last", [batchSize, 1, tokens]), normed);
  const { weight, bias } = affine({ name: "projection" });
  return { outputs: { feature: linear(reshape(last, [batchSize, width]), weight, bias) } };
}

/** [tokens, tokens]: 0 up to the diagonal, behind it what softmax makes 0. */
function hideLater(tokens: number) {
  const data = new Float32Array(tokens * tokens);
  for (let from = 0; from < tokens; from++) data.fill(-1e30, from * tokens + from + 1, (from + 1) * tokens);
  return { shape: [tokens, tokens], data };
}
