/** What the head of a Vision Transformer reads: tokens, their mean, or what attention gathers of them; as it is, or beside texts. */

import {
  add,
  concat,
  div,
  expand,
  gemm,
  matmul,
  mean,
  mul,
  reshape,
  slice,
  softmax,
  sqrt,
  sum,
  swap,
  transpose,
} from "../graph/ops.ts";
import { scalar, type Value } from "../graph/value.ts";
import { activations } from "./activations.ts";
import type { Layers } from "./layers.ts";
import { byHead, firstToken, sizeAt } from "./vit-block.ts";
import { patchGrid, type VitConfig } from "./vit-config.ts";
import type { PoolSites, VitParts } from "./vit-parts.ts";

/** The tokens of the last block [batch, tokens, D] → one row for each image [batch, pooledWidth]. */
export function pooled(
  x: Value,
  layers: Layers,
  { parts, config }: { parts: VitParts; config: VitConfig },
): Value {
  const { pool = "cls", finalNorm } = config;
  const norm = (rows: Value) => (parts.norm ? layers.norm(parts.norm, rows) : rows);
  if (pool === "cls") return norm(flat(firstToken(x)));
  if (finalNorm === "pooled") return norm(gather(x, layers, { parts, config }));
  return gather(norm(x), layers, { parts, config });
}

function gather(x: Value, layers: Layers, { parts, config }: { parts: VitParts; config: VitConfig }): Value {
  const patches = patchesOf(x, config);
  if (parts.pool) return attentionPool(patches, layers, { sites: parts.pool, config });
  const average = flat(mean(patches, [1]));
  if (config.pool === "mean") return average;
  const second = config.pool === "cls+mean" ? average : flat(tokenBehindCls(x, config));
  return concat(flat(firstToken(x)), second, 1);
}

/** The last tokens. Where nothing stands before them, tokens of a method stand behind the first of them. */
function patchesOf(x: Value, config: VitConfig): Value {
  const [rows, columns] = patchGrid(config);
  const [tokens, count] = [sizeAt(x, 1), rows * columns];
  if (tokens === count) return x;
  if (config.classToken !== false || config.registers)
    return slice(x, { axis: 1, from: tokens - count, to: tokens });
  return concat(firstToken(x), slice(x, { axis: 1, from: tokens - count + 1, to: tokens }), 1);
}

/** The distillation token: before registers and patches, behind CLS and whatever a method put there. */
function tokenBehindCls(x: Value, config: VitConfig): Value {
  const [rows, columns] = patchGrid(config);
  const at = sizeAt(x, 1) - rows * columns - (config.registers ?? 0) - 1;
  return slice(x, { axis: 1, from: at, to: at + 1 });
}

/** a = attention of the probe; the feature is a + MLP(norm(a)). */
function attentionPool(
  x: Value,
  layers: Layers,
  { sites, config }: { sites: PoolSites; config: VitConfig },
): Value {
  const { heads, width, activation = "gelu" } = config;
  const probe = expand(layers.parameter("pool.probe"), [sizeAt(x, 0), 1, width]);
  const q = byHead(layers.linear(sites.q, probe), heads); // [batch, heads, 1, size]
  const scores = matmul(mul(q, scalar(sizeAt(q, 3) ** -0.5)), swap(byHead(layers.linear(sites.k, x), heads)));
  const mixed = matmul(softmax(scores), byHead(layers.linear(sites.v, x), heads));
  const gathered = layers.linear(sites.o, reshape(transpose(mixed, [0, 2, 1, 3]), probe.shape));
  const hidden = activations[activation](layers.linear(sites.fc1, layers.norm(sites.norm, gathered)));
  return flat(add(gathered, layers.linear(sites.fc2, hidden)));
}

/**
 * The feature in the space of images and texts, where the configuration says so: projected, and of length 1, so that a product
 * with a text's is their cosine. Radford et al. 2021, https://arxiv.org/abs/2103.00020, figure 3.
 */
export function besideTexts(x: Value, layers: Layers, { projection, unitFeature }: VitConfig): Value {
  const projected = projection ? gemm(x, layers.parameter("projection"), { transB: true }) : x;
  return unitFeature ? div(projected, sqrt(sum(mul(projected, projected), [1]))) : projected;
}

/** [batch, 1, D] → [batch, D]. */
const flat = (x: Value): Value => reshape(x, [sizeAt(x, 0), sizeAt(x, 2)]);
