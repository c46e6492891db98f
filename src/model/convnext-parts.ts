/** The places of a ConvNeXt that methods adapt, block by block, and its tensors. */

import type { Shape } from "../formats/tensor.ts";
import { needed } from "../needed.ts";
import type { BranchSite, LinearSite, NormSite } from "./backbone.ts";
import type { ConvNextConfig } from "./convnext-config.ts";
import { type StagedParts, stagedShapes } from "./staged.ts";

type Grid = readonly [rows: number, columns: number];

/** Four neighbours become one place of the next stage. */
export interface ConvNextMerge {
  readonly norm: NormSite;
  readonly reduction: LinearSite;
  /** Before it. */
  readonly grid: Grid;
}

export interface ConvNextBlock {
  readonly sites: {
    readonly norm: NormSite;
    readonly fc1: LinearSite;
    readonly fc2: LinearSite;
    readonly mlp: BranchSite;
  };
  /** Before the names of its tensors that are no site's: `blocks.3.`. */
  readonly prefix: string;
  readonly grid: Grid;
  readonly kernelSize: number;
  /** Whether its MLP has global response normalisation. */
  readonly grn: boolean;
  /** Behind the last block of each stage but the last. */
  readonly merge?: ConvNextMerge;
}

export type ConvNextParts = StagedParts<ConvNextBlock>;

export function convNextParts(config: ConvNextConfig): ConvNextParts {
  const { widths, depths, patchSize, layerNormEps } = config;
  const widthOf = (stage: number): number => needed(widths[stage], "width of a stage");
  const blocks = depths.flatMap((depth, stage) => {
    const first = depths.slice(0, stage).reduce((a, b) => a + b, 0);
    return Array.from({ length: depth }, (_, at) => {
      const block = blockOf(config, { stage, block: first + at });
      return at === depth - 1 && stage < depths.length - 1
        ? { ...block, merge: mergeOf(config, { stage, block: first + at }) }
        : block;
    });
  });
  const [start, end] = [widthOf(0), widthOf(depths.length - 1)];
  const norm = (name: string, role: string, width: number, epsilon: number): NormSite => ({
    ...{ kind: "norm", name, role, block: -1, in: width, out: width, epsilon },
  });
  return {
    patch: { kind: "embed", name: "patch", role: "stem", block: -1, in: 3 * patchSize ** 2, out: start },
    patchNorm: norm("patchNorm", "stemNorm", start, layerNormEps),
    blocks,
    norm: norm("norm", "norm", end, config.lastNormEps),
  };
}

interface Place {
  readonly stage: number;
  readonly block: number;
}

/** As a convolution with strides cuts it: what is left over at the end is left out. */
const gridOf = ({ imageSize, patchSize }: ConvNextConfig, stage: number): Grid => {
  const along = (side: number) => Math.floor(side / patchSize / 2 ** stage);
  return [along(imageSize[0]), along(imageSize[1])];
};

function blockOf(config: ConvNextConfig, { stage, block }: Place): ConvNextBlock {
  const { family, mlpRatio, kernelSize, layerNormEps: epsilon } = config;
  const width = needed(config.widths[stage], "width of a stage");
  const hidden = Math.round(width * mlpRatio);
  const at = (role: string, from = width, to = width) => ({
    ...{ name: `blocks.${block}.${role}`, role, block, stage, in: from, out: to },
  });
  const grid = gridOf(config, stage);
  return {
    sites: {
      norm: { kind: "norm", ...at("norm"), epsilon },
      fc1: { kind: "linear", ...at("fc1", width, hidden) },
      fc2: { kind: "linear", ...at("fc2", hidden, width) },
      mlp: { kind: "branch", ...at("mlp"), grid },
    },
    ...{ prefix: `blocks.${block}.`, grid, kernelSize, grn: family === "convnextv2" },
  };
}

function mergeOf(config: ConvNextConfig, { stage, block }: Place): ConvNextMerge {
  const [width, next] = [stage, stage + 1].map((at) => needed(config.widths[at], "width of a stage")) as [
    number,
    number,
  ];
  const at = (role: string) => ({ name: `merges.${stage}.${role}`, block, stage });
  return {
    norm: {
      kind: "norm",
      ...at("norm"),
      role: "mergeNorm",
      in: width,
      out: width,
      epsilon: config.layerNormEps,
    },
    reduction: { kind: "linear", ...at("reduction"), role: "merge", in: 4 * width, out: next },
    grid: gridOf(config, stage),
  };
}

/** Every tensor of the backbone; kernels and responses stand in front of their block's. */
export const shapesOf = (parts: ConvNextParts): Map<string, Shape> => stagedShapes(parts, ownShapes);

function* ownShapes({ sites, prefix, kernelSize: k, grn }: ConvNextBlock): Generator<[string, Shape]> {
  yield [`${prefix}mix.weight`, [sites.norm.in, 1, k, k]];
  yield [`${prefix}mix.bias`, [sites.norm.in]];
  if (grn) for (const part of ["weight", "bias"]) yield [`${prefix}response.${part}`, [sites.fc1.out]];
}
