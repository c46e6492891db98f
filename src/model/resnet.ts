/** ResNet, top to bottom: a convolution and a maximum, blocks of two or three convolutions, the mean of all places. */

import { add, mean, relu, reshape, sub, transpose } from "../graph/ops.ts";
import { dims } from "../graph/shapes.ts";
import type { Value } from "../graph/value.ts";
import { needed } from "../needed.ts";
import type { Backbone, BranchSite, LinearSite, Site } from "./backbone.ts";
import { neighbours, squares } from "./convolution.ts";
import type { Layers } from "./layers.ts";
import type { ResNetConfig } from "./resnet-config.ts";
import { refuseTokens, shapesAt } from "./staged.ts";

type Grid = readonly [rows: number, columns: number];

interface Convolution {
  readonly site: LinearSite;
  readonly stride: number;
}

interface ResNetBlock {
  readonly convolutions: readonly Convolution[];
  readonly branch: BranchSite;
  /** Where the block changes the grid or the number of channels. */
  readonly shortcut?: Convolution;
}

interface ResNetParts {
  readonly stem: Convolution;
  readonly blocks: readonly ResNetBlock[];
}

/**
 * He et al. 2016, https://arxiv.org/abs/1512.03385, with the stride in the convolution of 3 pixels, as timm and torchvision have
 * it. Batch norms are frozen, and so part of the weights and biases of the convolutions before them.
 */
export function resNet(config: ResNetConfig): Backbone {
  const parts = partsOf(config);
  const sites = sitesOf(parts);
  return {
    sites,
    shapes: new Map(sites.flatMap(shapesAt)),
    fixedTokens,
    imageSize: config.imageSize,
    featureWidth: needed(config.widths.at(-1), "width of a stage"),
    blocks: parts.blocks.length,
    tokens: gridAfter(gridAfter(config.imageSize)).reduce((a, b) => a * b, 1),
    activationBytes: activationBytes(parts, config),
    forward: (images, layers) => {
      const pixels = transpose(images, [0, 2, 3, 1]); // [batch, rows, columns, channels]
      const embedded = pool(relu(convolve(pixels, layers, parts.stem)));
      const blocks: Value[] = [];
      let x = embedded;
      for (const [index, part] of parts.blocks.entries()) {
        refuseTokens(layers, { network: "a ResNet", why: fixedTokens, block: index, x: asTokens(x) });
        x = block(x, layers, part);
        blocks.push(asTokens(x));
      }
      const pooled = mean(asTokens(x), [1]); // [batch, 1, channels]
      const feature = reshape(pooled, [dims(pooled, 3)[0], dims(pooled, 3)[2]]);
      return { embedded: asTokens(embedded), blocks, feature };
    },
  };
}

const fixedTokens = "it has a map of pixels, and no tokens beside them";

/** [batch, rows, columns, channels] → [batch, places, channels]. */
function asTokens(x: Value): Value {
  const [batch, rows, columns, channels] = dims(x, 4);
  return reshape(x, [batch, rows * columns, channels]);
}

function block(x: Value, layers: Layers, { convolutions, branch, shortcut }: ResNetBlock): Value {
  const y = convolutions.reduce((map, one, at) => convolve(at === 0 ? map : relu(map), layers, one), x);
  const [shape, tokens] = [y.shape, asTokens(y)];
  const kept = shortcut ? convolve(x, layers, shortcut) : x;
  const added = layers.branch(branch, { x: asTokens(kept), normed: asTokens(kept), y: tokens });
  return relu(add(kept, reshape(added, shape)));
}

/** x [batch, rows, columns, channels] → the same with other channels, on every `stride`-th place. */
function convolve(x: Value, layers: Layers, { site, stride }: Convolution): Value {
  const near = squares(x, { size: site.kernel?.size ?? 1, stride });
  const [batch, rows, columns, into] = dims(near, 4);
  return reshape(layers.linear(site, reshape(near, [batch, rows * columns, into])), [
    batch,
    rows,
    columns,
    site.out,
  ]);
}

/** The largest of 3 x 3 at every second place; of what a ReLU gave, so that the zeros around never win. */
const pool = (x: Value): Value =>
  [1, 2].reduce((map, axis) => neighbours(map, { axis, count: 3, stride: 2 }).reduce(larger), x);

const larger = (a: Value, b: Value): Value => add(a, relu(sub(b, a)));

// ---------------------------------------------------------------- sites and tensors

function partsOf(config: ResNetConfig): ResNetParts {
  const { stemWidth, depths } = config;
  const stem = convolution("stem", { size: 7, stride: 2, from: 3, to: stemWidth, block: -1 });
  let grid = gridAfter(gridAfter(config.imageSize));
  let [from, index] = [stemWidth, 0];
  const blocks: ResNetBlock[] = [];
  for (const [stage, depth] of depths.entries())
    for (let at = 0; at < depth; at++, index++) {
      const stride = at === 0 && stage > 0 ? 2 : 1;
      if (stride === 2) grid = gridAfter(grid);
      const part = blockOf(config, { stage, index, stride, from, grid });
      blocks.push(part);
      from = part.branch.out;
    }
  return { stem, blocks };
}

/** Behind a stride of 2. */
const gridAfter = ([rows, columns]: Grid): Grid => [Math.ceil(rows / 2), Math.ceil(columns / 2)];

interface ConvolutionSizes {
  readonly size: number;
  readonly stride: number;
  readonly from: number;
  readonly to: number;
  readonly block: number;
  readonly stage?: number;
}

function convolution(role: string, { size, stride, from, to, block, stage }: ConvolutionSizes): Convolution {
  const site: LinearSite = {
    ...{ kind: "linear", name: block < 0 ? role : `blocks.${block}.${role}`, role, block, kernel: { size } },
    ...{ in: size * size * from, out: to },
    ...(stage !== undefined && { stage }),
  };
  return { site, stride };
}

interface BlockSizes {
  readonly stage: number;
  readonly index: number;
  readonly stride: number;
  readonly from: number;
  readonly grid: Grid;
}

function blockOf(config: ResNetConfig, { stage, index: block, stride, from, grid }: BlockSizes): ResNetBlock {
  const [to, inner] = [config.widths, config.innerWidths].map((list) =>
    needed(list[stage], "width of a stage"),
  ) as [number, number];
  const at = { block, stage };
  const make = (role: string, size: number, [into, out]: readonly [number, number], by = 1) =>
    convolution(role, { size, stride: by, from: into, to: out, ...at });
  const convolutions = config.bottleneck
    ? [
        make("conv1", 1, [from, inner]),
        make("conv2", 3, [inner, inner], stride),
        make("conv3", 1, [inner, to]),
      ]
    : [make("conv1", 3, [from, inner], stride), make("conv2", 3, [inner, to])];
  return {
    convolutions,
    branch: {
      kind: "branch",
      name: `blocks.${block}.residual`,
      role: "residual",
      ...at,
      in: to,
      out: to,
      grid,
    },
    ...((stride > 1 || from !== to) && { shortcut: make("shortcut", 1, [from, to], stride) }),
  };
}

const sitesOf = ({ stem, blocks }: ResNetParts): Site[] => [
  stem.site,
  ...blocks.flatMap(({ convolutions, branch, shortcut }): Site[] => [
    ...convolutions.map(({ site }) => site),
    ...(shortcut ? [shortcut.site] : []),
    branch,
  ]),
];

/** What each convolution reads, its squares side by side, and twice what it gives. */
function activationBytes({ stem, blocks }: ResNetParts, { imageSize }: ResNetConfig): number {
  const [rows, columns] = gridAfter(imageSize);
  const first = rows * columns * (stem.site.in + 2 * stem.site.out);
  const rest = blocks.flatMap(({ convolutions, branch: { grid } }) =>
    convolutions.map(({ site }) => grid[0] * grid[1] * (site.in + 2 * site.out)),
  );
  return Float32Array.BYTES_PER_ELEMENT * rest.reduce((a, b) => a + b, first);
}
