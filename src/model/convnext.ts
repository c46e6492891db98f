/** ConvNeXt, top to bottom: patches, stages of convolutions over each channel and an MLP, patches merged between them, the mean. */

import { add, depthwise, div, gelu, mean, mul, reshape, slice, sqrt, sum, transpose } from "../graph/ops.ts";
import { dims } from "../graph/shapes.ts";
import { scalar, type Value } from "../graph/value.ts";
import type { Backbone } from "./backbone.ts";
import type { ConvNextConfig } from "./convnext-config.ts";
import { type ConvNextBlock, type ConvNextMerge, convNextParts, shapesOf } from "./convnext-parts.ts";
import type { Layers } from "./layers.ts";
import { patchRows } from "./patches.ts";
import { refuseTokens, stagedSites } from "./staged.ts";

/** Liu et al. 2022, https://arxiv.org/abs/2201.03545; its second version Woo et al. 2023, https://arxiv.org/abs/2301.00808. */
export function convNext(config: ConvNextConfig): Backbone {
  const parts = convNextParts(config);
  return {
    sites: stagedSites(parts),
    shapes: shapesOf(parts),
    fixedTokens,
    imageSize: config.imageSize,
    featureWidth: parts.norm.out,
    blocks: parts.blocks.length,
    tokens: parts.blocks[0] ? parts.blocks[0].grid[0] * parts.blocks[0].grid[1] : 0,
    activationBytes: activationBytes(parts.blocks),
    forward: (images, layers) => {
      const patches = patchRows(images, config.patchSize);
      const embedded = layers.norm(parts.patchNorm, layers.linear(parts.patch, patches)); // [batch, tokens, D]
      const blocks: Value[] = [];
      let x = embedded;
      for (const [index, part] of parts.blocks.entries()) {
        refuseTokens(layers, { network: "a ConvNeXt", why: fixedTokens, block: index, x });
        x = block(x, layers, part);
        blocks.push(x);
        if (part.merge) x = merge(x, layers, part.merge);
      }
      const pooled = layers.norm(parts.norm, mean(x, [1])); // [batch, 1, D]
      return { embedded, blocks, feature: reshape(pooled, [dims(x, 3)[0], parts.norm.out]) };
    },
  };
}

const fixedTokens = "it has a map of pixels, and no tokens beside them";

/** Per block: five rows of the map's width and three of the MLP's; GRN keeps three more. */
const activationBytes = (blocks: readonly ConvNextBlock[]): number =>
  Float32Array.BYTES_PER_ELEMENT *
  blocks.reduce(
    (all, { grid, grn, sites: { fc1 } }) => all + grid[0] * grid[1] * (5 * fc1.in + (grn ? 6 : 3) * fc1.out),
    0,
  );

function block(x: Value, layers: Layers, { sites, prefix, grid, grn }: ConvNextBlock): Value {
  const tensor = (name: string) => layers.parameter(prefix + name);
  const [batch, , width] = dims(x, 3);
  const map = transpose(reshape(x, [batch, ...grid, width]), [0, 3, 1, 2]); // [batch, D, rows, columns]
  const mixed = reshape(transpose(depthwise(map, tensor("mix.weight")), [0, 2, 3, 1]), x.shape);
  const normed = layers.norm(sites.norm, add(mixed, tensor("mix.bias")));
  const hidden = gelu(layers.linear(sites.fc1, normed));
  const y = layers.linear(
    sites.fc2,
    grn ? responseNorm(hidden, { weight: tensor("response.weight"), bias: tensor("response.bias") }) : hidden,
  );
  return add(x, layers.branch(sites.mlp, { x, normed, y }));
}

/** GRN: each channel by its length over the map, as a share of the mean length. Woo et al. 2023, algorithm 1. */
function responseNorm(x: Value, { weight, bias }: { readonly weight: Value; readonly bias: Value }): Value {
  const length = sqrt(add(sum(mul(x, x), [1]), scalar(1e-24))); // [batch, 1, D]
  const share = div(length, add(mean(length, [2]), scalar(1e-6)));
  return add(x, add(mul(mul(x, share), weight), bias));
}

/** Normed, then four neighbours as one: [batch, tokens, D] → [batch, tokens / 4, the next stage's width]. */
function merge(x: Value, layers: Layers, { norm, reduction, grid }: ConvNextMerge): Value {
  const [batch, , width] = dims(x, 3);
  let map = reshape(layers.norm(norm, x), [batch, ...grid, width]);
  // A convolution with strides leaves an odd last row or column out.
  for (const at of [0, 1] as const)
    if (grid[at] % 2 === 1) map = slice(map, { axis: at + 1, from: 0, to: grid[at] - 1 });
  const [down, across] = [Math.floor(grid[0] / 2), Math.floor(grid[1] / 2)];
  const cut = transpose(reshape(map, [batch, down, 2, across, 2, width]), [0, 1, 3, 5, 2, 4]);
  return layers.linear(reduction, reshape(cut, [batch, down * across, 4 * width]));
}
