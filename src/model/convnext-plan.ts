/** Finds every weight of a ConvNeXt among the tensors of a source, and measures its sizes by them. */

import { FileError } from "../errors.ts";
import type { Shape } from "../formats/tensor.ts";
import { limits } from "../limits.ts";
import { headShapes } from "./backbone.ts";
import { convNext } from "./convnext.ts";
import type { ConvNextConfig } from "./convnext-config.ts";
import type { ConvNextHints } from "./convnext-hints.ts";
import { blockPlaces, type ConvNextNaming, convNextNamings } from "./convnext-names.ts";
import type { PlanOptions, SourceShapes, WeightPlan } from "./family.ts";
import { enclosing, prefixesBefore } from "./find-scheme.ts";
import { type Placed, placeTensors } from "./place-tensors.ts";
import { sourceShape } from "./source-shape.ts";

/** What the tensors of a ConvNeXt show. */
export type ConvNextSizes = Pick<
  ConvNextConfig,
  "patchSize" | "widths" | "depths" | "kernelSize" | "mlpRatio" | "classes"
>;

export interface ConvNextPlan extends WeightPlan {
  readonly sizes: ConvNextSizes;
}

/** The names, and what stands before them. */
interface Found {
  readonly naming: ConvNextNaming;
  readonly prefix: string;
  readonly tensors: SourceShapes;
  readonly where: string;
}

type Family = ConvNextConfig["family"];
const titles = { convnext: "a ConvNeXt", convnextv2: "a ConvNeXt V2" } as const;

function findNaming(
  tensors: SourceShapes,
  { family, where }: { family: Family; where: string },
): Found | undefined {
  for (const naming of convNextNamings) {
    for (const prefix of prefixesBefore(tensors, `${naming.patch}.weight`)) {
      const block = prefix + naming.block({ stage: 0, at: 0, index: 0 });
      const isSecond = tensors.has(`${block}${naming.inBlock.response}.weight`);
      if (tensors.has(`${block}${naming.inBlock.mix}.weight`) && isSecond === (family === "convnextv2"))
        return { naming, prefix, tensors, where };
    }
  }
  return undefined;
}

/** How the tensors of a ConvNeXt become ours; nothing where there is none among them. */
export const planConvNext =
  (family: Family) =>
  (tensors: SourceShapes, { where, hints }: PlanOptions<ConvNextHints>): ConvNextPlan | undefined => {
    const found = findNaming(tensors, { family, where });
    if (found === undefined) return undefined;
    const measured = measure(found);
    const { fc1 } = measured;
    const sizes = hints?.headProjects ? { ...measured.sizes, classes: 0 } : measured.sizes;
    const projection = hints?.headProjects ? lastOf(found, found.naming.head) : undefined;
    const ignorable = (name: string) =>
      projection !== undefined && name.startsWith(`${projection}.`)
        ? "the projection to the space of texts"
        : ignorableKind(name);
    const shapes = plannedShapes(family, sizes);
    const placed = [...placedIn(found, { sizes, shapes, conv: fc1.length === 4 })];
    const what = titles[family];
    const { origins, notes } = placeTensors(placed, tensors, { where, what, ignorable });
    const ordered = new Map([...shapes.keys()].map((ours) => [ours, origins.get(ours)]));
    const { classes } = sizes;
    return { title: found.naming.title, sizes, shapes, origins: ordered, classes, notes };
  };

/** Our names and shapes; neither depends on the image size. */
function plannedShapes(family: Family, sizes: ConvNextSizes): ReadonlyMap<string, Shape> {
  const side = sizes.patchSize * 2 ** sizes.depths.length;
  const rest = { imageSize: [side, side], layerNormEps: 1e-6, lastNormEps: 1e-6 } as const;
  const backbone = convNext({ family, ...sizes, ...rest });
  return new Map([...backbone.shapes, ...(sizes.classes > 0 ? headShapes(backbone, sizes.classes) : [])]);
}

// ---------------------------------------------------------------- sizes

function measure(found: Found): { readonly sizes: ConvNextSizes; readonly fc1: Shape } {
  const { naming, prefix } = found;
  const patch = sourceShape(found, `${prefix}${naming.patch}.weight`, naming.isOwn ? 2 : 4);
  const stages = naming.isOwn ? ownStages(found) : stagesOf(found);
  const first = prefix + naming.block({ stage: 0, at: 0, index: 0 });
  const mix = sourceShape(found, `${first}${naming.inBlock.mix}.weight`, 4);
  const fc1 = sourceShape(found, `${first}${naming.inBlock.fc1}.weight`, 2, 4);
  const head = lastOf(found, naming.head);
  const sizes = {
    patchSize: naming.isOwn ? Math.round(Math.sqrt((patch[1] ?? 0) / 3)) : (patch[2] ?? 0),
    ...{ widths: stages.map(({ width }) => width), depths: stages.map(({ depth }) => depth) },
    ...{ kernelSize: mix[2] ?? 0, mlpRatio: (fc1[0] ?? 0) / (stages[0]?.width ?? 1) },
    classes: head === undefined ? 0 : (sourceShape(found, `${head}.bias`, 1)[0] ?? 0),
  };
  if (sizes.kernelSize % 2 === 0 || sizes.kernelSize > limits.MAX_WINDOW.value)
    throw new FileError(`${found.where}: kernels of ${sizes.kernelSize} are none of a ConvNeXt.`);
  return { sizes, fc1 };
}

interface Stage {
  readonly width: number;
  readonly depth: number;
}

/** Blocks are counted until one is missing. */
function stagesOf(found: Found): Stage[] {
  const { naming, prefix, tensors } = found;
  const nameOf = (stage: number, at: number) =>
    `${prefix}${naming.block({ stage, at, index: 0 })}${naming.inBlock.mix}.weight`;
  const stages: Stage[] = [];
  for (let stage = 0; tensors.has(nameOf(stage, 0)); stage++) {
    if (stage >= limits.MAX_STAGES.value)
      throw new FileError(`${found.where}: it claims more than ${limits.MAX_STAGES.value} stages.`);
    let depth = 1;
    while (depth <= limits.MAX_BLOCKS.value && tensors.has(nameOf(stage, depth))) depth++;
    stages.push({ width: sourceShape(found, nameOf(stage, 0), 4)[0] ?? 0, depth });
  }
  return checkDepths(stages, found.where);
}

/** In our own names, a stage ends where patches are merged, so by the width of the blocks. */
function ownStages(found: Found): Stage[] {
  const byWidth = new Map<number, number>();
  for (let index = 0; index <= limits.MAX_BLOCKS.value; index++) {
    const name = `${found.prefix}blocks.${index}.mix.weight`;
    if (!found.tensors.has(name)) break;
    const [width = 0] = sourceShape(found, name, 4);
    byWidth.set(width, (byWidth.get(width) ?? 0) + 1);
  }
  return checkDepths(
    [...byWidth].map(([width, depth]) => ({ width, depth })),
    found.where,
  );
}

function checkDepths(stages: Stage[], where: string): Stage[] {
  const total = stages.reduce((sum, { depth }) => sum + depth, 0);
  if (total > limits.MAX_BLOCKS.value)
    throw new FileError(
      `${where}: it claims ${total} blocks; at most ${limits.MAX_BLOCKS.value} are allowed.`,
    );
  return stages;
}

/** The full name of what may stand outside the prefix of the body: the head, and in timm's files the last norm. */
function lastOf({ prefix, tensors }: Found, names: readonly string[]): string | undefined {
  for (const before of enclosing(prefix))
    for (const name of names)
      if (tensors.has(`${before}${name}.weight`) && tensors.has(`${before}${name}.bias`))
        return before + name;
  return undefined;
}

// ---------------------------------------------------------------- places

interface Planned {
  readonly sizes: ConvNextSizes;
  readonly shapes: ReadonlyMap<string, Shape>;
  /** Whether MLPs are kept as convolutions of one pixel. */
  readonly conv: boolean;
}

/** Every weight of ours with their name and shape of it. */
function* placedIn(found: Found, planned: Planned): Generator<Placed> {
  const { naming, prefix } = found;
  const { patchSize, depths } = planned.sizes;
  const blocks = blockPlaces(depths);
  for (const [ours, shape] of planned.shapes) {
    const [, root, number = "", inner = ours] = /^(blocks|merges)\.(\d+)\.(.+)$/.exec(ours) ?? [];
    const [place = "", kind = ""] = inner.split(".");
    if (root === "blocks")
      yield inBlock(found, { ours, shape, place, kind, at: blocks[Number(number)], conv: planned.conv });
    else if (root === "merges") {
      const { norm, reduction } = naming.merge(Number(number));
      const theirs = `${prefix}${place === "norm" ? norm : reduction}.${kind}`;
      yield { ours, theirs, shape: shape.length === 2 && !naming.isOwn ? kernelShape(shape, 2, 4) : shape };
    } else if (place === "head" || place === "norm")
      yield { ours, shape, theirs: `${lastOf(found, naming[place]) ?? naming[place][0]}.${kind}` };
    else {
      const theirs = `${prefix}${naming[place as "patch" | "patchNorm"]}.${kind}`;
      const kernel = kernelShape(shape, patchSize, patchSize ** 2);
      yield { ours, theirs, shape: shape.length === 2 && !naming.isOwn ? kernel : shape };
    }
  }
}

/** [out, in · places] as a kernel [out, in, side, side]. */
const kernelShape = ([out = 0, into = 0]: Shape, side: number, places: number): Shape => [
  ...[out, into / places, side, side],
];

interface InBlock {
  readonly ours: string;
  readonly shape: Shape;
  readonly place: string;
  readonly kind: string;
  readonly at: ReturnType<typeof blockPlaces>[number] | undefined;
  readonly conv: boolean;
}

function inBlock(
  { naming, prefix, tensors }: Found,
  { ours, shape, place, kind, at, conv }: InBlock,
): Placed {
  if (at === undefined) throw new Error(`internal: ${ours} lies in no block.`);
  const before = prefix + naming.block(at);
  const theirs = `${before}${naming.inBlock[place as keyof typeof naming.inBlock]}.${kind}`;
  const scale = naming.scale && `${before}${naming.scale}`;
  return {
    ...{ ours, theirs },
    shape: shapeIn(tensors.get(theirs)?.shape, { shape, place, conv }),
    ...(place === "fc2" && scale !== undefined && tensors.has(scale) && { scaledBy: scale }),
  };
}

/** Theirs in a block: MLPs may be convolutions of one pixel, and responses may have four axes. */
function shapeIn(
  actual: Shape | undefined,
  { shape, place, conv }: Pick<InBlock, "shape" | "place" | "conv">,
): Shape {
  if (place === "response" && actual?.length === 4) return [1, 1, 1, ...shape];
  return conv && shape.length === 2 ? [...shape, 1, 1] : shape;
}

const ignorableKind = (name: string): string | undefined =>
  /(^|\.)mask_token$/.test(name)
    ? "the mask token"
    : /(^|\.)decoder\./.test(name)
      ? "the decoder of pre-training"
      : undefined;
