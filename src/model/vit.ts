/** The Vision Transformer, top to bottom: patches, CLS token, positions, pre-norm blocks, final norm. */

import { z } from "zod";
import type { Shape } from "../formats/tensor.ts";
import {
  add,
  concat,
  expand,
  gelu,
  matmul,
  mul,
  reshape,
  slice,
  softmax,
  swap,
  transpose,
} from "../graph/ops.ts";
import { scalar, type Value } from "../graph/value.ts";
import { limits } from "../limits.ts";
import type { Backbone, BranchSite, LinearSite, NormSite, Site } from "./backbone.ts";
import type { Affine, Layers } from "./layers.ts";

/** Sizes of a plain ViT with a CLS token, pre-norm blocks, exact GELU and a final norm. */
export interface VitConfig {
  readonly family?: "vit" | undefined;
  /** Height and width of the input in pixels. */
  readonly imageSize: readonly [height: number, width: number];
  readonly patchSize: number;
  /** D: the width of a token. */
  readonly width: number;
  /** L: the number of blocks. */
  readonly depth: number;
  readonly heads: number;
  readonly mlpWidth: number;
  readonly layerNormEps: number;
  /** Rows of the classification head; 0 where the model has none. */
  readonly classes: number;
}

const size = z.int().min(1).max(limits.MAX_ADAPTER_SIZE.value);

/** A configuration as an adapter's file holds it. */
export const vitConfigSchema = z.object({
  family: z.literal("vit").optional(),
  imageSize: z.tuple([size, size]),
  patchSize: size,
  width: size,
  depth: z.int().min(1).max(limits.MAX_BLOCKS.value),
  heads: size,
  mlpWidth: size,
  layerNormEps: z.number().gt(0).lt(1),
  classes: z.int().min(1).max(limits.MAX_CLASSES.value),
});

/** What is wrong between two fields that are fine by themselves; nothing where they fit. */
export function vitConfigFlaw({ imageSize, patchSize, width, heads }: VitConfig): string | undefined {
  if (width % heads !== 0) return `${heads} heads cannot share a width of ${width}`;
  if (imageSize.some((side) => side % patchSize !== 0))
    return `images of ${imageSize.join(" x ")} pixels are not whole patches of ${patchSize}`;
  return undefined;
}

/** Dosovitskiy et al. 2021, https://arxiv.org/abs/2010.11929, eq. 1–4. */
export function vit(config: VitConfig): Backbone {
  const parts = vitParts(config);
  return {
    sites: sitesOf(parts),
    shapes: shapesOf(config, sitesOf(parts)),
    imageSize: config.imageSize,
    featureWidth: config.width,
    blocks: config.depth,
    tokens: tokensOf(config),
    activationBytes: activationBytes(config),
    forward: (images, layers) => {
      const embedded = embed(images, layers, { patch: parts.patch, patchSize: config.patchSize });
      const blocks: Value[] = [];
      let x = embedded;
      for (const [index, sites] of parts.blocks.entries()) {
        const clsAlone = index === config.depth - 1 && layers.tokenwise;
        x = block(layers.tokens(index, x), layers, { sites, heads: config.heads, clsAlone });
        blocks.push(x);
      }
      const last = reshape(cls(x), [sizeAt(x, 0), config.width]); // [batch, D]
      return { embedded, blocks, feature: layers.norm(parts.norm, last) };
    },
  };
}

/** The number of tokens: one per patch, and CLS. */
const tokensOf = ({ imageSize: [height, width], patchSize }: VitConfig): number =>
  1 + (height / patchSize) * (width / patchSize);

/** Per block and token: ten rows of width D (norms, q, k, v, mixed, sums), three of the MLP's, two attention weights per head. */
function activationBytes(config: VitConfig): number {
  const tokens = tokensOf(config);
  const numbers = tokens * (10 * config.width + 3 * config.mlpWidth + 2 * config.heads * tokens);
  return Float32Array.BYTES_PER_ELEMENT * config.depth * numbers;
}

// ---------------------------------------------------------------- sites and tensors

interface BlockSites {
  readonly norm1: NormSite;
  readonly q: LinearSite;
  readonly k: LinearSite;
  readonly v: LinearSite;
  readonly o: LinearSite;
  readonly attention: BranchSite;
  readonly norm2: NormSite;
  readonly fc1: LinearSite;
  readonly fc2: LinearSite;
  readonly mlp: BranchSite;
}

interface VitParts {
  readonly patch: LinearSite;
  readonly blocks: readonly BlockSites[];
  readonly norm: NormSite;
}

function vitParts(config: VitConfig): VitParts {
  const { width, mlpWidth, patchSize, depth, layerNormEps: epsilon } = config;
  const [height, across] = config.imageSize;
  const grid = [height / patchSize, across / patchSize] as const;
  const norm = (role: string, block = -1): NormSite => ({
    kind: "norm",
    ...{ name: block < 0 ? role : `blocks.${block}.${role}`, role, block, in: width, out: width, epsilon },
  });
  const blocks = Array.from({ length: depth }, (_, block): BlockSites => {
    const at = (role: string, from: number, to: number) => ({
      ...{ name: `blocks.${block}.${role}`, role, block, in: from, out: to },
    });
    const linear = (role: string, from = width, to = width): LinearSite => ({
      kind: "linear",
      ...at(role, from, to),
    });
    const branch = (role: string): BranchSite => ({ kind: "branch", ...at(role, width, width), grid });
    return {
      ...{ norm1: norm("norm1", block), q: linear("q"), k: linear("k"), v: linear("v"), o: linear("o") },
      ...{ attention: branch("attention"), norm2: norm("norm2", block) },
      ...{ fc1: linear("fc1", width, mlpWidth), fc2: linear("fc2", mlpWidth, width), mlp: branch("mlp") },
    };
  });
  const patch = { name: "patch", role: "patch", block: -1, in: 3 * patchSize * patchSize, out: width };
  return { patch: { kind: "embed", ...patch }, blocks, norm: norm("norm") };
}

const sitesOf = ({ patch, blocks, norm }: VitParts): Site[] => [
  patch,
  ...blocks.flatMap((sites): Site[] => Object.values(sites)),
  norm,
];

function shapesOf(config: VitConfig, sites: readonly Site[]): Map<string, Shape> {
  const shapes = new Map<string, Shape>();
  for (const { kind, name, in: from, out } of sites) {
    if (kind === "branch") continue;
    shapes.set(`${name}.weight`, kind === "norm" ? [out] : [out, from]).set(`${name}.bias`, [out]);
    if (kind === "embed")
      shapes.set("cls", [1, 1, config.width]).set("position", [1, tokensOf(config), config.width]);
  }
  return shapes;
}

// ---------------------------------------------------------------- the forward pass

/** Patches as rows, in channel, row, column order, times the patch weight; CLS in front; positions added. */
function embed(
  images: Value,
  layers: Layers,
  { patch, patchSize: p }: { patch: LinearSite; patchSize: number },
): Value {
  const [batch, channels, height, width] = [0, 1, 2, 3].map((axis) => sizeAt(images, axis)) as [
    number,
    number,
    number,
    number,
  ];
  const [down, across] = [height / p, width / p];
  const cut = reshape(images, [batch, channels, down, p, across, p]);
  const patches = reshape(transpose(cut, [0, 2, 4, 1, 3, 5]), [batch, down * across, channels * p * p]);
  const token = expand(layers.parameter("cls"), [batch, 1, patch.out]);
  return add(concat(token, layers.linear(patch, patches), 1), layers.parameter("position")); // [batch, tokens, D]
}

interface BlockOptions {
  readonly sites: BlockSites;
  readonly heads: number;
  /** The feature reads CLS alone, so the last block need compute no more than its row. */
  readonly clsAlone: boolean;
}

function block(x: Value, layers: Layers, { sites, heads, clsAlone }: BlockOptions): Value {
  const normed = layers.norm(sites.norm1, x); // [batch, tokens, D]
  const kept = clsAlone ? cls(x) : x;
  const attended = attention(normed, layers, { sites, heads, clsAlone });
  const own = clsAlone ? cls(normed) : normed;
  const middle = add(kept, layers.branch(sites.attention, { x: kept, normed: own, y: attended }));
  const read = layers.norm(sites.norm2, middle);
  const hidden = gelu(layers.linear(sites.fc1, read));
  const mixed = layers.linear(sites.fc2, hidden);
  return add(middle, layers.branch(sites.mlp, { x: middle, normed: read, y: mixed }));
}

/** softmax(q·kᵀ / √(D / heads))·v, heads side by side, then the output projection; for CLS alone only its row. */
function attention(x: Value, layers: Layers, options: BlockOptions): Value {
  const { sites, heads, clsAlone } = options;
  const [k, v] = clsAlone ? [layers.matrix(sites.k), layers.matrix(sites.v)] : [];
  if (k && v) return clsAttention(x, layers, { ...options, k, v });
  const asking = clsAlone ? cls(x) : x;
  const split = (site: LinearSite, from: Value) => {
    const rows = layers.linear(site, from);
    const size = site.out / heads;
    return transpose(reshape(rows, [sizeAt(rows, 0), sizeAt(rows, 1), heads, size]), [0, 2, 1, 3]); // [batch, heads, tokens, size]
  };
  const q = split(sites.q, asking);
  const scores = matmul(mul(q, scalar(sizeAt(q, 3) ** -0.5)), swap(split(sites.k, x))); // [batch, heads, tokens, tokens]
  const mixed = transpose(matmul(softmax(scores), split(sites.v, x)), [0, 2, 1, 3]); // [batch, tokens, heads, size]
  return layers.linear(sites.o, reshape(mixed, asking.shape));
}

/**
 * The same for CLS alone, [batch, 1, D], with no product over all tokens: a head's q·(W_k·x)ᵀ is (q·W_k)·xᵀ, and its
 * Σ p·(W_v·x) is (Σ p·x)·W_vᵀ. b_k adds the same to each score of a row, which softmax does not see.
 */
function clsAttention(
  x: Value,
  layers: Layers,
  { sites, heads, k, v }: BlockOptions & { readonly k: Affine; readonly v: Affine },
): Value {
  const [batch, width] = [sizeAt(x, 0), sizeAt(x, 2)];
  const size = width / heads;
  const byHead = (rows: Value) => transpose(reshape(rows, [batch, heads, size]), [1, 0, 2]); // [heads, batch, size]
  const splitRows = ({ weight }: Affine) => reshape(weight, [heads, size, width]);
  const q = byHead(layers.linear(sites.q, cls(x)));
  const asking = matmul(mul(q, scalar(size ** -0.5)), splitRows(k)); // [heads, batch, D]
  const scores = matmul(transpose(asking, [1, 0, 2]), swap(x)); // [batch, heads, tokens]
  const gathered = transpose(matmul(softmax(scores), x), [1, 0, 2]); // [heads, batch, D]
  const values = transpose(matmul(gathered, swap(splitRows(v))), [1, 0, 2]); // [batch, heads, size]
  const mixed = add(reshape(values, [batch, width]), v.bias);
  return layers.linear(sites.o, reshape(mixed, [batch, 1, width]));
}

/** The first token: [batch, 1, D]. */
const cls = (x: Value): Value => (sizeAt(x, 1) === 1 ? x : slice(x, { axis: 1, from: 0, to: 1 }));

function sizeAt({ shape }: Value, axis: number): number {
  const size = shape[axis];
  if (size === undefined) throw new Error(`internal: [${shape}] has no axis ${axis}.`);
  return size;
}
