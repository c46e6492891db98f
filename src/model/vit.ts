/** The Vision Transformer, top to bottom: patches, CLS token, positions, pre-norm blocks, final norm, head. */

import {
  add,
  concat,
  expand,
  gelu,
  linear,
  matmul,
  mul,
  normalize,
  reshape,
  slice,
  softmax,
  swap,
  transpose,
} from "../graph/ops.ts";
import { scalar, type Value } from "../graph/value.ts";
import type { VitConfig } from "./model.ts";

/** A weight by its name in `model.ts`: frozen, adapted or trained, the ViT does not know. */
export type WeightOf = (name: string) => Value;

/** Which of a block's two residual branches. */
export type Branch = "attention" | "mlp";

export interface VitOptions {
  /** What a residual branch's output [batch, tokens, D] is multiplied by: dropout's mask, or nothing. */
  readonly mask?: (block: number, branch: Branch, shape: readonly number[]) => Value | undefined;
}

export interface VitValues {
  /** After CLS and positions: [batch, tokens, D]. */
  readonly embedded: Value;
  /** After each block: [batch, tokens, D]; the last one [batch, 1, D], CLS alone. */
  readonly blocks: readonly Value[];
  /** CLS after the final norm: [batch, D]. */
  readonly feature: Value;
}

/** The number of tokens: one a patch, and CLS. */
export const tokensOf = ({ imageSize: [height, width], patchSize }: VitConfig): number =>
  1 + (height / patchSize) * (width / patchSize);

/** images [batch, 3, height, width] → features. Dosovitskiy et al. 2021, https://arxiv.org/abs/2010.11929, eq. 1–4. */
export function vit(
  images: Value,
  weights: WeightOf,
  config: VitConfig,
  { mask }: VitOptions = {},
): VitValues {
  const embedded = embed(images, weights, config);
  const blocks: Value[] = [];
  let x = embedded;
  for (let i = 0; i < config.depth; i++) {
    const drop = (branch: Branch, y: Value) => masked(y, mask?.(i, branch, y.shape));
    x = block(x, part(weights, `blocks.${i}`), { config, last: i === config.depth - 1, drop });
    blocks.push(x);
  }
  const [batch = 0, , width = 0] = x.shape;
  const cls = reshape(x, [batch, width]); // [batch, D]
  return { embedded, blocks, feature: layerNorm(cls, part(weights, "norm"), config) };
}

/** feature [batch, D] → logits [batch, classes]. */
export const head = (feature: Value, weights: WeightOf): Value => dense(feature, part(weights, "head"));

/** Patches as rows, in channel, row, column order, times the patch weight; CLS in front; positions added. */
function embed(images: Value, weights: WeightOf, { patchSize: p, width }: VitConfig): Value {
  const [batch = 0, channels = 0, height = 0, columns = 0] = images.shape;
  const [down, across] = [height / p, columns / p];
  const cut = reshape(images, [batch, channels, down, p, across, p]);
  const patches = reshape(transpose(cut, [0, 2, 4, 1, 3, 5]), [batch * down * across, channels * p * p]);
  const tokens = reshape(dense(patches, part(weights, "patch")), [batch, down * across, width]);
  const cls = expand(weights("cls"), [batch, 1, width]);
  return add(concat(cls, tokens, 1), weights("position")); // [batch, tokens, D]
}

interface BlockOptions {
  readonly config: VitConfig;
  /** The head reads CLS alone, so the last block computes only its row. */
  readonly last: boolean;
  readonly drop: (branch: Branch, y: Value) => Value;
}

function block(x: Value, weights: WeightOf, { config, last, drop }: BlockOptions): Value {
  const normed = layerNorm(x, part(weights, "norm1"), config); // [batch, tokens, D]
  const attended = (last ? attentionOfCls : attention)(normed, weights, config.heads);
  const middle = add(last ? cls(x) : x, drop("attention", attended));
  const hidden = layerNorm(middle, part(weights, "norm2"), config);
  return add(middle, drop("mlp", mlp(hidden, weights)));
}

/** softmax(q·kᵀ / √(D / heads))·v, heads side by side, then the output projection. x [batch, tokens, D] → the same. */
function attention(x: Value, weights: WeightOf, heads: number): Value {
  const [batch = 0, tokens = 0, width = 0] = x.shape;
  const size = width / heads;
  const split = (name: string) => {
    const rows = onRows(x, (flat) => dense(flat, part(weights, name)));
    return transpose(reshape(rows, [batch, tokens, heads, size]), [0, 2, 1, 3]); // [batch, heads, tokens, size]
  };
  const [q, k, v] = [split("q"), split("k"), split("v")];
  const scores = matmul(mul(q, scalar(size ** -0.5)), swap(k)); // [batch, heads, tokens, tokens]
  const mixed = transpose(matmul(softmax(scores), v), [0, 2, 1, 3]); // [batch, tokens, heads, size]
  return onRows(reshape(mixed, x.shape), (flat) => dense(flat, part(weights, "o")));
}

/**
 * The same for CLS alone, [batch, 1, D], with no product over all tokens: a head's q·(W_k·x)ᵀ is (q·W_k)·xᵀ, and its
 * Σ p·(W_v·x) is (Σ p·x)·W_vᵀ. b_k adds the same to each score of a row, which softmax does not see.
 */
function attentionOfCls(x: Value, weights: WeightOf, heads: number): Value {
  const [batch = 0, , width = 0] = x.shape;
  const size = width / heads;
  const byHead = (flat: Value) => transpose(reshape(flat, [batch, heads, size]), [1, 0, 2]); // [heads, batch, size]
  const weightOf = (name: string) => reshape(weights(`${name}.weight`), [heads, size, width]);
  const q = byHead(dense(reshape(cls(x), [batch, width]), part(weights, "q")));
  const asking = matmul(mul(q, scalar(size ** -0.5)), weightOf("k")); // [heads, batch, D]
  const scores = matmul(transpose(asking, [1, 0, 2]), swap(x)); // [batch, heads, tokens]
  const gathered = transpose(matmul(softmax(scores), x), [1, 0, 2]); // [heads, batch, D]
  const v = transpose(matmul(gathered, swap(weightOf("v"))), [1, 0, 2]); // [batch, heads, size]
  const mixed = add(reshape(v, [batch, width]), weights("v.bias"));
  return reshape(dense(mixed, part(weights, "o")), [batch, 1, width]);
}

const mlp = (x: Value, weights: WeightOf): Value =>
  onRows(x, (flat) => dense(gelu(dense(flat, part(weights, "fc1"))), part(weights, "fc2")));

const part =
  (weights: WeightOf, name: string): WeightOf =>
  (leaf) =>
    weights(`${name}.${leaf}`);

const dense = (x: Value, weights: WeightOf): Value => linear(x, weights("weight"), weights("bias"));

const layerNorm = (x: Value, weights: WeightOf, { layerNormEps }: VitConfig): Value =>
  add(mul(normalize(x, layerNormEps), weights("weight")), weights("bias"));

const masked = (x: Value, mask: Value | undefined): Value => (mask ? mul(x, mask) : x);

const cls = (x: Value): Value => slice(x, { axis: 1, from: 0, to: 1 }); // [batch, 1, D]

/** Applies what works on rows [n, D] to tokens [batch, tokens, D]. */
function onRows(x: Value, f: (rows: Value) => Value): Value {
  const [batch = 0, tokens = 0, width = 0] = x.shape;
  const rows = f(reshape(x, [batch * tokens, width]));
  return reshape(rows, [batch, tokens, rows.shape[1] ?? width]);
}
