/** The Vision Transformer, top to bottom: patches, CLS token, positions, pre-norm blocks, final norm; and its variations. */

import { add, concat, expand, reshape, slice, transpose } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import type { Backbone } from "./backbone.ts";
import type { Layers } from "./layers.ts";
import { block, sizeAt } from "./vit-block.ts";
import { leadingTokens, patchGrid, pooledWidth, type VitConfig } from "./vit-config.ts";
import { shapesOf, sitesOf, type VitParts, vitParts } from "./vit-parts.ts";
import { besideTexts, pooled } from "./vit-pool.ts";

export { type VitConfig, vitConfigFlaw, vitConfigSchema } from "./vit-config.ts";

/** Dosovitskiy et al. 2021, https://arxiv.org/abs/2010.11929, eq. 1–4. */
export function vit(config: VitConfig): Backbone {
  const parts = vitParts(config);
  return {
    sites: sitesOf(parts),
    shapes: shapesOf(config, sitesOf(parts)),
    imageSize: config.imageSize,
    featureWidth: config.projection ?? pooledWidth(config),
    blocks: config.depth,
    tokens: tokensOf(config),
    activationBytes: activationBytes(config),
    forward: (images, layers) => {
      const embedded = embed(images, layers, { parts, config });
      const blocks: Value[] = [];
      let x = embedded;
      for (const [index, sites] of parts.blocks.entries()) {
        const clsAlone = index === config.depth - 1 && layers.tokenwise && readsClsAlone(config);
        x = block(layers.tokens(index, x), layers, { sites, config, clsAlone });
        blocks.push(x);
      }
      const feature = besideTexts(pooled(x, layers, { parts, config }), layers, config);
      return { embedded, blocks, feature };
    },
  };
}

/** Whether the last block need compute no more than the row of CLS. */
const readsClsAlone = ({ pool = "cls", relativeBias, rotary }: VitConfig): boolean =>
  pool === "cls" && !relativeBias && !rotary;

/** The number of tokens: one per patch, CLS, and whatever else stands before the patches. */
function tokensOf(config: VitConfig): number {
  const [rows, columns] = patchGrid(config);
  return leadingTokens(config) + (config.registers ?? 0) + rows * columns;
}

/** Per block and token: ten rows of width D (norms, q, k, v, mixed, sums), three of the MLP's, two attention weights per head. */
function activationBytes(config: VitConfig): number {
  const tokens = tokensOf(config);
  const hidden = (config.gated ? 5 : 3) * config.mlpWidth;
  const scores = (config.relativeBias ? 4 : 2) * config.heads * tokens;
  const numbers = tokens * (10 * config.width + hidden + scores);
  return Float32Array.BYTES_PER_ELEMENT * config.depth * numbers;
}

/** Patches as rows, in channel, row, column order, times the patch weight; CLS in front; positions added. */
function embed(
  images: Value,
  layers: Layers,
  { parts, config }: { readonly parts: VitParts; readonly config: VitConfig },
): Value {
  const { patchSize: p, classToken = true, distillation, registers, absolutePositions = true } = config;
  const [batch, channels] = [sizeAt(images, 0), sizeAt(images, 1)];
  const [down, across] = [sizeAt(images, 2) / p, sizeAt(images, 3) / p];
  const cut = reshape(images, [batch, channels, down, p, across, p]);
  const rows = reshape(transpose(cut, [0, 2, 4, 1, 3, 5]), [batch, down * across, channels * p * p]);
  const patches = layers.linear(parts.patch, rows);
  const token = (name: string, count = 1) => expand(layers.parameter(name), [batch, count, config.width]);
  const placed = (behind: Value) => (absolutePositions ? add(behind, layers.parameter("position")) : behind);
  const taught = distillation ? concat(token("distillation"), patches, 1) : patches;
  const whole = placed(classToken ? concat(token("cls"), taught, 1) : taught); // [batch, tokens, D]
  const all = registers ? withRegisters(whole, token("registers", registers), config) : whole;
  return parts.embeddingNorm ? layers.norm(parts.embeddingNorm, all) : all;
}

/** Registers stand between the tokens that have positions of their own and the patches. */
function withRegisters(x: Value, registers: Value, config: VitConfig): Value {
  const [leading, tokens] = [leadingTokens(config), sizeAt(x, 1)];
  if (leading === 0) return concat(registers, x, 1);
  const part = (from: number, to: number) => slice(x, { axis: 1, from, to });
  return concat(concat(part(0, leading), registers, 1), part(leading, tokens), 1);
}
