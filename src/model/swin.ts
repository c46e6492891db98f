/** Swin, top to bottom: small patches, stages of attention in windows, patches merged between them, the mean of all tokens. */

import { add, exp, gelu, mean, mul, pad, relu, reshape, sigmoid, sub, transpose } from "../graph/ops.ts";
import { dims } from "../graph/shapes.ts";
import { constant, filled, scalar, type Value } from "../graph/value.ts";
import type { Backbone, BranchSite } from "./backbone.ts";
import { dense, type Layers } from "./layers.ts";
import { patchRows } from "./patches.ts";
import { spreadTable } from "./relative-positions.ts";
import { refuseTokens, stagedSites } from "./staged.ts";
import type { SwinConfig } from "./swin-config.ts";
import { type SwinBlock, type SwinMerge, type SwinParts, shapesOf, swinParts } from "./swin-parts.ts";
import { windowAttention } from "./window-attention.ts";
import { fromWindows, toWindows, windowCount, windowTokens } from "./windows.ts";

/** Liu et al. 2021, https://arxiv.org/abs/2103.14030; its second version 2022, https://arxiv.org/abs/2111.09883. */
export function swin(config: SwinConfig): Backbone {
  const parts = swinParts(config);
  const postNorm = config.family === "swinv2";
  return {
    sites: stagedSites(parts),
    shapes: shapesOf(parts),
    fixedTokens,
    imageSize: config.imageSize,
    featureWidth: parts.norm.out,
    blocks: parts.blocks.length,
    tokens: (config.imageSize[0] / config.patchSize) * (config.imageSize[1] / config.patchSize),
    activationBytes: activationBytes(parts),
    forward: (images, layers) => {
      const patches = patchRows(images, config.patchSize);
      const embedded = layers.norm(parts.patchNorm, layers.linear(parts.patch, patches)); // [batch, tokens, D]
      const blocks: Value[] = [];
      let x = embedded;
      for (const [index, part] of parts.blocks.entries()) {
        refuseTokens(layers, { network: "a Swin", why: fixedTokens, block: index, x });
        x = block(x, layers, { part, postNorm });
        blocks.push(x);
        if (part.merge) x = merge(x, layers, { part: part.merge, postNorm });
      }
      const pooled = mean(layers.norm(parts.norm, x), [1]); // [batch, 1, D]
      return { embedded, blocks, feature: reshape(pooled, [dims(x, 3)[0], parts.norm.out]) };
    },
  };
}

const fixedTokens = "its tokens are a map that is cut into windows";

/** Per block: ten rows of the token's width, three of the MLP's, and two attention weights per head and pair of tokens. */
function activationBytes({ blocks }: SwinParts): number {
  const numbers = blocks.map(({ cut, heads, sites: { q, fc1 } }) => {
    const inWindow = windowTokens(cut);
    return windowCount(cut) * inWindow * (10 * q.in + 3 * fc1.out + 2 * heads * inWindow);
  });
  return Float32Array.BYTES_PER_ELEMENT * numbers.reduce((a, b) => a + b, 0);
}

/** Where norms stand: before the branches, or behind them. */
interface Order {
  readonly postNorm: boolean;
}

function block(x: Value, layers: Layers, { part, postNorm }: Order & { readonly part: SwinBlock }): Value {
  const { sites, cut } = part;
  const branch = (site: BranchSite, from: Value, { norm, f }: BranchParts): Value => {
    const normed = postNorm ? from : layers.norm(norm, from);
    const made = f(normed);
    return add(from, layers.branch(site, { x: from, normed, y: postNorm ? layers.norm(norm, made) : made }));
  };
  const middle = branch(sites.attention, x, {
    norm: sites.norm1,
    f: (read) => fromWindows(windowAttention(toWindows(read, cut), layers, attentionOf(part, layers)), cut),
  });
  return branch(sites.mlp, middle, {
    norm: sites.norm2,
    f: (read) => layers.linear(sites.fc2, gelu(layers.linear(sites.fc1, read))),
  });
}

interface BranchParts {
  readonly norm: SwinBlock["sites"]["norm1"];
  readonly f: (read: Value) => Value;
}

function attentionOf({ sites, heads, cut, prefix, side, pretrained }: SwinBlock, layers: Layers) {
  const tensor = (name: string) => layers.parameter(prefix + name);
  const spread = (table: Value) => spreadTable(table, { side, window: cut.window });
  if (pretrained === undefined) return { sites, heads, cut, bias: spread(tensor("positions")) };
  const bias = mul(sigmoid(spread(positionTable(tensor, { side, pretrained }))), scalar(16));
  // exp(min(scale, log 100))
  const cap = scalar(Math.log(100));
  return { sites, heads, cut, bias, cosineScale: exp(sub(cap, relu(sub(cap, tensor("cosineScale"))))) };
}

/** SwinV2's table of relative positions [(2s-1)², heads]: an MLP reads each offset on a scale of logarithms. */
function positionTable(
  tensor: (name: string) => Value,
  { side, pretrained }: { readonly side: number; readonly pretrained: number },
): Value {
  const offsets = Array.from({ length: 2 * side - 1 }, (_, at) => logOffset(at - (side - 1), pretrained));
  const data = Float32Array.from(offsets.flatMap((row) => offsets.flatMap((column) => [row, column])));
  const pairs = constant({ shape: [offsets.length ** 2, 2], data });
  const matrix = (value: Value) => reshape(value, value.shape.slice(1));
  const hidden = dense(pairs, {
    weight: matrix(tensor("positions.fc1.weight")),
    bias: tensor("positions.fc1.bias"),
  });
  const last = matrix(tensor("positions.fc2.weight"));
  return dense(relu(hidden), { weight: last, bias: filled([dims(last, 2)[0]], 0) });
}

/** sign(d)·log₂(1 + 8|d| / (window - 1)) / log₂ 8 of an offset d. */
const logOffset = (offset: number, window: number): number =>
  (Math.sign(offset) * Math.log2(1 + (8 * Math.abs(offset)) / Math.max(window - 1, 1))) / 3;

/** Four neighbours side by side, normed and reduced to twice the width: [batch, tokens, D] → [batch, tokens / 4, 2D]. */
function merge(x: Value, layers: Layers, { part, postNorm }: Order & { readonly part: SwinMerge }): Value {
  const [batch, , width] = dims(x, 3);
  const [rows, columns] = part.grid;
  let map = reshape(x, [batch, rows, columns, width]);
  if (rows % 2 === 1) map = pad(map, { axis: 1, before: 0, after: 1 });
  if (columns % 2 === 1) map = pad(map, { axis: 2, before: 0, after: 1 });
  const [down, across] = [Math.ceil(rows / 2), Math.ceil(columns / 2)];
  // Of the four first the left column, each from top to bottom.
  const cut = transpose(reshape(map, [batch, down, 2, across, 2, width]), [0, 1, 3, 4, 2, 5]);
  const four = reshape(cut, [batch, down * across, 4 * width]);
  return postNorm
    ? layers.norm(part.norm, layers.linear(part.reduction, four))
    : layers.linear(part.reduction, layers.norm(part.norm, four));
}
