/** The places of a Swin that methods adapt, block by block, and its tensors. */

import type { Shape } from "../formats/tensor.ts";
import { needed } from "../needed.ts";
import type { BranchSite, LinearSite, NormSite } from "./backbone.ts";
import { type StagedParts, stagedShapes } from "./staged.ts";
import type { SwinConfig } from "./swin-config.ts";
import { type Windowing, windowing } from "./windows.ts";

export interface SwinBlockSites {
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

/** Four neighbours become one token of twice the width. */
export interface SwinMerge {
  readonly norm: NormSite;
  readonly reduction: LinearSite;
  readonly grid: Windowing["grid"];
}

export interface SwinBlock {
  readonly sites: SwinBlockSites;
  /** Before the names of its tensors that are no site's: `blocks.3.`. */
  readonly prefix: string;
  readonly heads: number;
  readonly cut: Windowing;
  /** Rows, and columns, of the windows that its positions were trained for. */
  readonly side: number;
  /** Of SwinV2 those that its offsets are measured by. */
  readonly pretrained?: number | undefined;
  /** Behind the last block of each stage but the last. */
  readonly merge?: SwinMerge;
}

export type SwinParts = StagedParts<SwinBlock>;

/** Hidden numbers of the small MLP that makes SwinV2's positions. */
const POSITIONS_WIDTH = 512;

export function swinParts(config: SwinConfig): SwinParts {
  const { width, patchSize, depths, layerNormEps: epsilon } = config;
  const stages = depths.map((_, stage) => stageOf(config, stage));
  const blocks = stages.flatMap(({ depth, first, ...stage }) =>
    Array.from({ length: depth }, (_, at): SwinBlock => {
      const block = blockOf(config, { ...stage, index: first + at, shifted: at % 2 === 1 });
      return at === depth - 1 && stage.number < depths.length - 1
        ? { ...block, merge: mergeOf(config, { ...stage, block: first + at }) }
        : block;
    }),
  );
  const last = width * 2 ** (depths.length - 1);
  const outer = { block: -1, epsilon };
  return {
    patch: {
      kind: "embed",
      name: "patch",
      role: "stem",
      block: -1,
      in: 3 * patchSize * patchSize,
      out: width,
    },
    patchNorm: { kind: "norm", name: "patchNorm", role: "stemNorm", in: width, out: width, ...outer },
    blocks,
    norm: { kind: "norm", name: "norm", role: "norm", in: last, out: last, ...outer },
  };
}

interface Stage {
  readonly number: number;
  readonly width: number;
  readonly grid: Windowing["grid"];
}

function stageOf({ imageSize, patchSize, width, depths }: SwinConfig, number: number) {
  const [rows, columns] = imageSize.map((side) => Math.ceil(side / patchSize / 2 ** number)) as [
    number,
    number,
  ];
  const first = depths.slice(0, number).reduce((a, b) => a + b, 0);
  return {
    number,
    width: width * 2 ** number,
    grid: [rows, columns] as const,
    depth: depths[number] ?? 0,
    first,
  };
}

function blockOf(
  { family, stageHeads, windows, pretrainedWindows, mlpRatio, layerNormEps: epsilon }: SwinConfig,
  {
    number,
    width,
    grid,
    index: block,
    shifted,
  }: Stage & { readonly index: number; readonly shifted: boolean },
): SwinBlock {
  const at = (role: string, from = width, to = width) => ({
    ...{ name: `blocks.${block}.${role}`, role, block, stage: number, in: from, out: to },
  });
  const norm = (role: string): NormSite => ({ kind: "norm", ...at(role), epsilon });
  const linear = (role: string, from = width, to = width): LinearSite => ({
    kind: "linear",
    ...at(role, from, to),
  });
  const fused = (role: string): LinearSite => ({
    ...linear(role),
    reads: `blocks.${block}.qkv`,
    ...(family === "swinv2" && role === "k" && { biasless: true }),
  });
  const branch = (role: string): BranchSite => ({ kind: "branch", ...at(role), grid });
  const hidden = Math.round(width * mlpRatio);
  const side = needed(windows[number], "window of a stage");
  return {
    sites: {
      ...{ norm1: norm("norm1"), q: fused("q"), k: fused("k"), v: fused("v"), o: linear("o") },
      ...{ attention: branch("attention"), norm2: norm("norm2") },
      ...{ fc1: linear("fc1", width, hidden), fc2: linear("fc2", hidden, width), mlp: branch("mlp") },
    },
    prefix: `blocks.${block}.`,
    heads: needed(stageHeads[number], "heads of a stage"),
    cut: windowing(grid, side, { shifted }),
    side,
    pretrained: pretrainedWindows?.[number],
  };
}

function mergeOf(
  { family, layerNormEps: epsilon }: SwinConfig,
  { number, width, grid, block }: Stage & { readonly block: number },
): SwinMerge {
  const at = (role: string) => ({ name: `merges.${number}.${role}`, block, stage: number });
  const normed = family === "swinv2" ? 2 * width : 4 * width;
  return {
    norm: { kind: "norm", ...at("norm"), role: "mergeNorm", in: normed, out: normed, epsilon },
    reduction: {
      kind: "linear",
      ...at("reduction"),
      role: "merge",
      in: 4 * width,
      out: 2 * width,
      ...(family === "swinv2" && { biasless: true }),
    },
    grid,
  };
}

/** Every tensor of the backbone; those of positions stand in front of their block's. */
export const shapesOf = (parts: SwinParts): Map<string, Shape> =>
  stagedShapes(parts, (block) =>
    [...positionShapes(block)].map(([name, shape]): [string, Shape] => [block.prefix + name, shape]),
  );

/** With a first axis of 1, as positions and CLS of a ViT have it: they are no matrices, and do not decay. */
const positionShapes = ({ heads, side, pretrained }: SwinBlock): [string, Shape][] =>
  pretrained === undefined
    ? [["positions", [1, (2 * side - 1) ** 2, heads]]]
    : [
        ["positions.fc1.weight", [1, POSITIONS_WIDTH, 2]],
        ["positions.fc1.bias", [POSITIONS_WIDTH]],
        ["positions.fc2.weight", [1, heads, POSITIONS_WIDTH]],
        ["cosineScale", [heads, 1, 1]],
      ];
