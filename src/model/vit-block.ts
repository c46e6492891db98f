/** A block of a Vision Transformer: attention and an MLP, each behind its norm and beside x itself. */

import { add, matmul, mul, reshape, slice, softmax, swap, transpose } from "../graph/ops.ts";
import { scalar, type Value } from "../graph/value.ts";
import { activations } from "./activations.ts";
import type { Affine, Layers } from "./layers.ts";
import { relativeBias } from "./relative-bias.ts";
import { rotary } from "./rotary.ts";
import { patchGrid, type VitConfig } from "./vit-config.ts";
import type { BlockSites } from "./vit-parts.ts";

export interface BlockOptions {
  readonly sites: BlockSites;
  readonly config: VitConfig;
  /** The feature reads CLS alone, so the last block need compute no more than its row. */
  readonly clsAlone: boolean;
  /** [tokens, tokens]: is added to what each token asks of each, so that a very low number hides one. */
  readonly mask?: Value;
}

export function block(x: Value, layers: Layers, options: BlockOptions): Value {
  const { sites, config, clsAlone } = options;
  const normed = layers.norm(sites.norm1, x); // [batch, tokens, D]
  const kept = clsAlone ? firstToken(x) : x;
  const attended = attention(normed, layers, options);
  const own = clsAlone ? firstToken(normed) : normed;
  const middle = add(kept, layers.branch(sites.attention, { x: kept, normed: own, y: attended }));
  const read = layers.norm(sites.norm2, middle);
  const mixed = mlp(read, layers, { sites, config });
  return add(middle, layers.branch(sites.mlp, { x: middle, normed: read, y: mixed }));
}

/** fc2(act(fc1·x)), or with a gate fc2(act(gate·x) ⊙ fc1·x): Shazeer 2020, https://arxiv.org/abs/2002.05202. */
function mlp(
  read: Value,
  layers: Layers,
  { sites, config: { activation = "gelu" } }: Pick<BlockOptions, "sites" | "config">,
): Value {
  const act = activations[activation];
  const { gate, fc1, mlpNorm, fc2 } = sites;
  const up = layers.linear(fc1, read);
  const hidden = gate ? mul(act(layers.linear(gate, read)), up) : act(up);
  return layers.linear(fc2, mlpNorm ? layers.norm(mlpNorm, hidden) : hidden);
}

/** softmax(q·kᵀ / √(D / heads))·v, heads side by side, then the output projection; for CLS alone only its row. */
function attention(x: Value, layers: Layers, options: BlockOptions): Value {
  const { sites, config, clsAlone, mask } = options;
  const { heads } = config;
  const [k, v] = clsAlone ? [layers.matrix(sites.k), layers.matrix(sites.v)] : [];
  if (k && v) return clsAttention(x, layers, { sites, heads, k, v });
  const asking = clsAlone ? firstToken(x) : x;
  const turn = config.rotary ? rotary(config.rotary, patchGrid(config)) : (rows: Value) => rows;
  const q = turn(byHead(layers.linear(sites.q, asking), heads));
  const keys = turn(byHead(layers.linear(sites.k, x), heads));
  const products = matmul(mul(q, scalar(sizeAt(q, 3) ** -0.5)), swap(keys)); // [batch, heads, tokens, tokens]
  const biased = config.relativeBias ? add(products, biasOf(x, layers, options)) : products;
  const scores = mask ? add(biased, mask) : biased;
  const values = byHead(layers.linear(sites.v, x), heads);
  const mixed = transpose(matmul(softmax(scores), values), [0, 2, 1, 3]); // [batch, tokens, heads, size]
  return layers.linear(sites.o, reshape(mixed, asking.shape));
}

const biasOf = (x: Value, layers: Layers, { sites, config }: BlockOptions): Value =>
  relativeBias(layers.parameter(`blocks.${sites.attention.block}.relative`), {
    grid: patchGrid(config),
    tokens: sizeAt(x, 1),
  });

/** [batch, tokens, D] → [batch, heads, tokens, D / heads]. */
export function byHead(rows: Value, heads: number): Value {
  const size = sizeAt(rows, 2) / heads;
  return transpose(reshape(rows, [sizeAt(rows, 0), sizeAt(rows, 1), heads, size]), [0, 2, 1, 3]);
}

interface ClsOptions {
  readonly sites: Pick<BlockSites, "q" | "o">;
  readonly heads: number;
  readonly k: Affine;
  readonly v: Affine;
}

/**
 * The same for CLS alone, [batch, 1, D], with no product over all tokens: a head's q·(W_k·x)ᵀ is (q·W_k)·xᵀ, and its
 * Σ p·(W_v·x) is (Σ p·x)·W_vᵀ. b_k adds the same to each score of a row, which softmax does not see.
 */
function clsAttention(x: Value, layers: Layers, { sites, heads, k, v }: ClsOptions): Value {
  const [batch, width] = [sizeAt(x, 0), sizeAt(x, 2)];
  const size = width / heads;
  const headsFirst = (rows: Value) => transpose(reshape(rows, [batch, heads, size]), [1, 0, 2]); // [heads, batch, size]
  const splitRows = ({ weight }: Affine) => reshape(weight, [heads, size, width]);
  const q = headsFirst(layers.linear(sites.q, firstToken(x)));
  const asking = matmul(mul(q, scalar(size ** -0.5)), splitRows(k)); // [heads, batch, D]
  const scores = matmul(transpose(asking, [1, 0, 2]), swap(x)); // [batch, heads, tokens]
  const gathered = transpose(matmul(softmax(scores), x), [1, 0, 2]); // [heads, batch, D]
  const values = transpose(matmul(gathered, swap(splitRows(v))), [1, 0, 2]); // [batch, heads, size]
  const mixed = add(reshape(values, [batch, width]), v.bias);
  return layers.linear(sites.o, reshape(mixed, [batch, 1, width]));
}

/** The first token: [batch, 1, D]. */
export const firstToken = (x: Value): Value =>
  sizeAt(x, 1) === 1 ? x : slice(x, { axis: 1, from: 0, to: 1 });

export function sizeAt({ shape }: Value, axis: number): number {
  const size = shape[axis];
  if (size === undefined) throw new Error(`internal: [${shape}] has no axis ${axis}.`);
  return size;
}
