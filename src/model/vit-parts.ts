/** The sites and tensors of a Vision Transformer. */

import type { Shape } from "../formats/tensor.ts";
import type { BranchSite, LinearSite, NormSite, Site } from "./backbone.ts";
import { relativeRows } from "./relative-bias.ts";
import { leadingTokens, patchGrid, pooledWidth, type VitConfig } from "./vit-config.ts";

export interface BlockSites {
  readonly norm1: NormSite;
  readonly q: LinearSite;
  readonly k: LinearSite;
  readonly v: LinearSite;
  readonly o: LinearSite;
  readonly attention: BranchSite;
  readonly norm2: NormSite;
  readonly gate?: LinearSite;
  readonly fc1: LinearSite;
  readonly mlpNorm?: NormSite;
  readonly fc2: LinearSite;
  readonly mlp: BranchSite;
}

/** Attention of one learned query over all tokens, and an MLP: Zhai et al. 2022, https://arxiv.org/abs/2106.04560, appendix E. */
export interface PoolSites {
  readonly q: LinearSite;
  readonly k: LinearSite;
  readonly v: LinearSite;
  readonly o: LinearSite;
  readonly norm: NormSite;
  readonly fc1: LinearSite;
  readonly fc2: LinearSite;
}

export interface VitParts {
  readonly patch: LinearSite;
  readonly embeddingNorm?: NormSite;
  readonly blocks: readonly BlockSites[];
  readonly norm?: NormSite;
  readonly pool?: PoolSites;
}

export function vitParts(config: VitConfig): VitParts {
  const { width, patchSize, depth, embeddingNorm, finalNorm, pool } = config;
  const norm = (name: string) => normSite(config, { name, role: name, block: -1 });
  const patch = { name: "patch", role: "patch", block: -1, in: 3 * patchSize * patchSize, out: width };
  return {
    patch: { kind: "embed", ...patch },
    ...(embeddingNorm && { embeddingNorm: norm("embedding_norm") }),
    blocks: Array.from({ length: depth }, (_, block) => blockSites(config, block)),
    ...(finalNorm !== "none" && { norm: norm("norm") }),
    ...(pool === "attention" && { pool: poolSites(config) }),
  };
}

type PlaceOf = Pick<Site, "name" | "role" | "block">;

const normSite = ({ width, layerNormEps: epsilon }: VitConfig, place: PlaceOf, size = width): NormSite => ({
  ...{ kind: "norm", ...place, in: size, out: size, epsilon },
});

function blockSites(config: VitConfig, block: number): BlockSites {
  const { width, mlpWidth } = config;
  const at = (role: string, name = role) => ({ name: `blocks.${block}.${name}`, role, block });
  const norm = (role: string, size = width): NormSite => normSite(config, at(role), size);
  const linear = (role: string, from = width, to = width): LinearSite => ({
    ...{ kind: "linear", ...at(role), in: from, out: to },
  });
  const branch = (role: string): BranchSite => ({
    ...{ kind: "branch", ...at(role), in: width, out: width, grid: patchGrid(config) },
  });
  return {
    ...{ norm1: norm("norm1"), q: linear("q"), k: linear("k"), v: linear("v"), o: linear("o") },
    ...{ attention: branch("attention"), norm2: norm("norm2") },
    // A gate reads what fc1 reads, and methods adapt both or none.
    ...(config.gated && {
      gate: { kind: "linear", ...at("fc1", "gate"), in: width, out: mlpWidth },
    }),
    fc1: linear("fc1", width, mlpWidth),
    ...(config.mlpNorm && { mlpNorm: normSite(config, at("mlp_norm"), mlpWidth) }),
    ...{ fc2: linear("fc2", mlpWidth, width), mlp: branch("mlp") },
  };
}

/** Of other roles than those of blocks, so that methods which adapt blocks leave it as it is. */
function poolSites(config: VitConfig): PoolSites {
  const { width, mlpWidth } = config;
  const at = (part: string) => ({ name: `pool.${part}`, role: `pool_${part}`, block: -1 });
  const linear = (part: string, from = width, to = width): LinearSite => ({
    ...{ kind: "linear", ...at(part), in: from, out: to },
  });
  return {
    ...{ q: linear("q"), k: linear("k"), v: linear("v"), o: linear("o"), norm: normSite(config, at("norm")) },
    ...{ fc1: linear("fc1", width, mlpWidth), fc2: linear("fc2", mlpWidth, width) },
  };
}

/** In the order an image passes them. */
export const sitesOf = ({ patch, embeddingNorm, blocks, norm, pool }: VitParts): Site[] => [
  patch,
  ...(embeddingNorm ? [embeddingNorm] : []),
  ...blocks.flatMap((sites): Site[] => Object.values(sites)),
  ...(norm ? [norm] : []),
  ...(pool ? Object.values(pool) : []),
];

/** Every named tensor, in the same order. */
export function shapesOf(config: VitConfig, sites: readonly Site[]): Map<string, Shape> {
  const shapes = new Map<string, Shape>();
  for (const { kind, name, role, block, in: from, out } of sites) {
    if (kind === "branch") continue;
    if (role === "pool_q") shapes.set("pool.probe", [1, 1, out]);
    shapes.set(`${name}.weight`, kind === "norm" ? [out] : [out, from]).set(`${name}.bias`, [out]);
    if (kind === "embed") for (const [token, shape] of tokenShapes(config)) shapes.set(token, shape);
    if (role === "o" && config.relativeBias)
      shapes.set(`blocks.${block}.relative`, [relativeRows(patchGrid(config)), config.heads]);
  }
  if (config.projection) shapes.set("projection", [config.projection, pooledWidth(config)]);
  return shapes;
}

function* tokenShapes(config: VitConfig): Generator<[string, Shape]> {
  const { width, classToken = true, distillation, registers, absolutePositions = true } = config;
  const [rows, columns] = patchGrid(config);
  if (classToken) yield ["cls", [1, 1, width]];
  if (distillation) yield ["distillation", [1, 1, width]];
  if (registers) yield ["registers", [1, registers, width]];
  if (absolutePositions) yield ["position", [1, leadingTokens(config) + rows * columns, width]];
}
