/** Finds every weight of a Swin among the tensors of a source, and measures its sizes by them. */

import { FileError } from "../errors.ts";
import type { Shape } from "../formats/tensor.ts";
import { limits } from "../limits.ts";
import { headShapes } from "./backbone.ts";
import type { PlanOptions, SourceShapes, WeightPlan } from "./family.ts";
import { enclosing, prefixesBefore } from "./find-scheme.ts";
import { type Placed, placeTensors } from "./place-tensors.ts";
import { sourceShape } from "./source-shape.ts";
import { swin } from "./swin.ts";
import type { SwinConfig } from "./swin-config.ts";
import { type BlockPlace, blockPrefix, mergePrefix, type SwinNaming, swinNamings } from "./swin-names.ts";

/** What the tensors of a Swin show. */
export interface SwinSizes
  extends Pick<SwinConfig, "patchSize" | "width" | "depths" | "stageHeads" | "mlpRatio" | "classes"> {
  /** Of each stage; of SwinV2 they are not to be seen. */
  readonly windows?: readonly number[] | undefined;
}

export interface SwinPlan extends WeightPlan {
  readonly sizes: SwinSizes;
}

/** The names, and what stands before them. */
interface Found {
  readonly naming: SwinNaming;
  readonly prefix: string;
  readonly tensors: SourceShapes;
  readonly where: string;
}

function findNaming(
  tensors: SourceShapes,
  { family, where }: { readonly family: SwinConfig["family"]; readonly where: string },
): Found | undefined {
  for (const naming of swinNamings) {
    if (naming.family !== family) continue;
    for (const prefix of prefixesBefore(tensors, `${naming.patch}.weight`)) {
      const block = prefix + blockPrefix(naming, { stage: 0, at: 0, index: 0 });
      const wanted = [
        `${prefix}${naming.patchNorm}.weight`,
        ...[...Object.values(naming.own), `${naming.block.q?.theirs}.weight`].map((one) => block + one),
      ];
      if (wanted.every((one) => tensors.has(one))) return { naming, prefix, tensors, where };
    }
  }
  return undefined;
}

/** How the tensors of a Swin become ours; nothing where there is none among them. */
export const planSwin =
  (family: SwinConfig["family"]) =>
  (tensors: SourceShapes, { where }: PlanOptions): SwinPlan | undefined => {
    const found = findNaming(tensors, { family, where });
    if (found === undefined) return undefined;
    const sizes = measure(found);
    const shapes = plannedShapes(family, sizes);
    const { origins, notes } = placeTensors([...placed(found, { sizes, shapes })], tensors, {
      ...{ where, what: titles[family], ignorable: ignorableKind },
    });
    const ordered = new Map([...shapes.keys()].map((ours) => [ours, origins.get(ours)]));
    const { classes } = sizes;
    return { title: found.naming.title, sizes, shapes, origins: ordered, classes, notes };
  };

const titles = { swin: "a Swin", swinv2: "a SwinV2" } as const;

/** Our names and shapes; neither depends on the image size. */
function plannedShapes(family: SwinConfig["family"], sizes: SwinSizes): ReadonlyMap<string, Shape> {
  const windows = sizes.windows ?? sizes.depths.map(() => 1);
  const side = sizes.patchSize * 2 ** sizes.depths.length;
  const backbone = swin({
    ...{ ...sizes, family, windows, imageSize: [side, side], layerNormEps: 1e-5 },
    ...(family === "swinv2" && { pretrainedWindows: windows }),
  });
  return new Map([...backbone.shapes, ...(sizes.classes > 0 ? headShapes(backbone, sizes.classes) : [])]);
}

// ---------------------------------------------------------------- sizes

function measure(found: Found): SwinSizes {
  const { naming, prefix } = found;
  const isOwn = naming.stages === undefined;
  const [width = 0, columns = 0, rows = 0] = sourceShape(
    found,
    `${prefix}${naming.patch}.weight`,
    isOwn ? 2 : 4,
  );
  const depths = isOwn ? ownDepths(found) : countBlocks(found);
  const firsts = depths.map((_, stage) => {
    const index = depths.slice(0, stage).reduce((a, b) => a + b, 0);
    return prefix + blockPrefix(naming, { stage, at: 0, index });
  });
  const hidden = sourceShape(found, `${firsts[0]}${naming.block.fc1?.theirs}.weight`, 2)[0] ?? 0;
  const head = headOf(found);
  return {
    ...{ width, depths, mlpRatio: hidden / width },
    patchSize: isOwn ? Math.round(Math.sqrt(columns / 3)) : rows,
    ...positionSizes(found, firsts),
    classes: head === undefined ? 0 : (sourceShape(found, `${head}.bias`, 1)[0] ?? 0),
  };
}

/** Heads and, where a table tells, windows of each stage. */
function positionSizes(found: Found, firsts: readonly string[]): Pick<SwinSizes, "stageHeads" | "windows"> {
  const { naming, where } = found;
  const [table, scale] = [naming.own.positions, naming.own.cosineScale];
  if (table === undefined)
    return { stageHeads: firsts.map((first) => sourceShape(found, first + scale, 3)[0] ?? 0) };
  const isOwn = naming.stages === undefined;
  const tables = firsts.map((first) => sourceShape(found, first + table, isOwn ? 3 : 2).slice(-2));
  const windows = tables.map(([offsets = 0]) => (Math.sqrt(offsets) + 1) / 2);
  const most = limits.MAX_WINDOW.value;
  const wrong = windows.findIndex((side) => !Number.isInteger(side) || side < 1 || side > most);
  if (wrong >= 0)
    throw new FileError(
      `${where}: tensor ${JSON.stringify(`${firsts[wrong]}${table}`)} has ${tables[wrong]?.[0]} rows; those of a square window, of at most ${most} x ${most} tokens, are needed.`,
    );
  return { stageHeads: tables.map(([, heads = 0]) => heads), windows };
}

/** Blocks of each stage, by the numbers in their names. */
function countBlocks({ naming, prefix, tensors, where }: Found): number[] {
  const root = `${prefix}${naming.stages}`;
  const depths: number[] = [];
  for (const name of tensors.keys()) {
    const [, stage, block] =
      /^(\d{1,3})\.blocks\.(\d{1,6})\./.exec(name.startsWith(root) ? name.slice(root.length) : "") ?? [];
    if (stage === undefined) continue;
    if (Number(stage) >= limits.MAX_STAGES.value)
      throw new FileError(`${where}: it claims more than ${limits.MAX_STAGES.value} stages.`);
    depths[Number(stage)] = Math.max(depths[Number(stage)] ?? 0, Number(block) + 1);
  }
  return checkDepths(
    Array.from(depths, (depth) => depth ?? 0),
    where,
  );
}

/** In our own names, blocks of a stage are those of one width. */
function ownDepths(found: Found): number[] {
  const byWidth = new Map<number, number>();
  for (let index = 0; index <= limits.MAX_BLOCKS.value; index++) {
    const name = `${found.prefix}blocks.${index}.q.weight`;
    if (!found.tensors.has(name)) break;
    const [width = 0] = sourceShape(found, name, 2);
    byWidth.set(width, (byWidth.get(width) ?? 0) + 1);
  }
  return checkDepths([...byWidth.values()], found.where);
}

function checkDepths(depths: number[], where: string): number[] {
  const total = depths.reduce((a, b) => a + b, 0);
  if (depths.some((depth) => depth === 0)) throw new FileError(`${where}: a stage has no blocks.`);
  if (total > limits.MAX_BLOCKS.value)
    throw new FileError(
      `${where}: it claims ${total} blocks; at most ${limits.MAX_BLOCKS.value} are allowed.`,
    );
  return depths;
}

/** The full name of the head, which may stand outside the prefix of the body. */
function headOf({ naming, prefix, tensors }: Found): string | undefined {
  for (const before of enclosing(prefix))
    for (const name of naming.head)
      if (tensors.has(`${before}${name}.weight`) && tensors.has(`${before}${name}.bias`))
        return before + name;
  return undefined;
}

// ---------------------------------------------------------------- places

interface Planned {
  readonly sizes: SwinSizes;
  readonly shapes: ReadonlyMap<string, Shape>;
}

/** Every weight of ours with their name and shape of it. */
function* placed(found: Found, { sizes, shapes }: Planned): Generator<Placed> {
  const { naming, prefix, tensors } = found;
  const outer = { patch: naming.patch, patchNorm: naming.patchNorm, norm: naming.norm };
  const blocks = blockPlaces(sizes.depths);
  const late = !tensors.has(`${prefix}${mergePrefix(naming, { stage: 0, late: false })}reduction.weight`);
  for (const [ours, shape] of shapes) {
    const [, place = "", inner = ours] = /^((?:blocks|merges)\.\d+\.)(.+)$/.exec(ours) ?? [];
    const kind = inner.slice(inner.lastIndexOf(".") + 1);
    const role = inner.slice(0, -kind.length - 1);
    const number = Number(place.split(".")[1]);
    if (place.startsWith("blocks")) yield inBlock(found, { ours, shape, inner, at: blocks[number] });
    else if (place.startsWith("merges")) {
      const name = `${prefix}${mergePrefix(naming, { stage: number, late })}${inner}`;
      yield { ours, shape, theirs: inner === "reduction.bias" && !tensors.has(name) ? undefined : name };
    } else if (role === "head") yield { ours, shape, theirs: `${headOf(found)}.${kind}` };
    else
      yield {
        ...{ ours, theirs: `${prefix}${outer[role as keyof typeof outer]}.${kind}` },
        shape:
          ours === "patch.weight" && naming.stages !== undefined
            ? [shape[0] ?? 0, 3, sizes.patchSize, sizes.patchSize]
            : shape,
      };
  }
}

/** Ours that have a first axis of 1. */
const isTable = /^positions(\.fc\d\.weight)?$/;

interface InBlock {
  readonly ours: string;
  readonly shape: Shape;
  /** Our name inside the block. */
  readonly inner: string;
  readonly at: BlockPlace | undefined;
}

function inBlock({ naming, prefix, tensors }: Found, { ours, shape, inner, at }: InBlock): Placed {
  if (at === undefined) throw new Error(`internal: ${ours} lies in no block.`);
  const before = prefix + blockPrefix(naming, at);
  const own = naming.own[inner];
  if (own !== undefined)
    return {
      ours,
      theirs: before + own,
      shape: naming.stages !== undefined && isTable.test(inner) ? shape.slice(1) : shape,
    };
  const [role = "", kind = ""] = inner.split(".");
  if (kind === "bias" && naming.biases && role in naming.biases) {
    const bias = naming.biases[role];
    return { ours, shape, theirs: bias && before + bias };
  }
  const { theirs, part } = naming.block[role] ?? { theirs: role };
  const name = `${before}${theirs}.${kind}`;
  const isBiasless = kind === "bias" && "qkv".includes(role) && !tensors.has(name);
  return {
    ...{ ours, theirs: isBiasless ? undefined : name, part },
    shape: part === undefined ? shape : [3 * (shape[0] ?? 0), ...shape.slice(1)],
  };
}

export const blockPlaces = (depths: readonly number[]): BlockPlace[] =>
  depths
    .flatMap((depth, stage) => Array.from({ length: depth }, (_, at) => ({ stage, at })))
    .map((place, index) => ({ ...place, index }));

const ignorable: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/(^|\.)(relative_position_index|relative_coords_table|attn_mask)$/, "tables that follow from the windows"],
  [/(^|\.)mask_token$/, "the mask token"],
  [/(^|\.)decoder\./, "the decoder of pre-training"],
];

const ignorableKind = (name: string): string | undefined =>
  ignorable.find(([pattern]) => pattern.test(name))?.[1];
