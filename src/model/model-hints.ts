/** Combines the configuration of a Vision Transformer with what the shapes of its weights imply. */

import { FileError, InputError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import { limits } from "../limits.ts";
import { renderList } from "../render-list.ts";
import type { CommonHints, Configured, ConfigureOptions } from "./family.ts";
import { usualSide } from "./measure-grid.ts";
import { inferHeads } from "./variants.ts";
import { leadingTokens, type VitConfig, vitConfigFlaw } from "./vit-config.ts";
import { describeUnseen, variationsOf } from "./vit-variations.ts";
import type { VitPlan } from "./weight-plan.ts";

/** From a configuration file; whatever it leaves out is inferred from the weights. */
export interface ModelHints extends CommonHints, Partial<Omit<VitConfig, "classes" | "family" | "rotary">> {
  /** `none` where tensors could be taken for those of a model that has some. */
  readonly rotary?: VitConfig["rotary"] | "none";
  /** How the file calls a size, for messages. */
  readonly names?: Readonly<Partial<Record<keyof VitConfig, string>>>;
  /** Whether what stands where a head does is the projection to the space of texts. */
  readonly headProjects?: boolean;
  /** transformers' `model_type`. */
  readonly modelType?: string;
  /** timm's name of an architecture that is not known: how many heads it has must be asked. */
  readonly unknownArchitecture?: string;
}

type Size = VitConfig["imageSize"];

/** Rows and columns of patches. */
export const gridOf = (
  [height, width]: Size,
  patchSize: number,
): readonly [rows: number, columns: number] => [height / patchSize, width / patchSize];

/** A size that patches tile. */
export function checkImageSize(imageSize: number | Size, patchSize: number): Size {
  const size: Size = typeof imageSize === "number" ? [imageSize, imageSize] : imageSize;
  if (
    size.some(
      (side) =>
        !Number.isInteger(side) || side < patchSize || side > limits.MAX_SIDE.value || side % patchSize !== 0,
    )
  )
    throw new InputError(
      `Image size ${size.join(" x ")}: each side must be a multiple of the patch size ${patchSize}, at most ${limits.MAX_SIDE.value}.`,
    );
  return size;
}

const measuredSizes = ["width", "depth", "mlpWidth", "patchSize"] as const;

function refuseConflicts({ sizes }: VitPlan, hints: ModelHints, where: string): void {
  for (const key of measuredSizes) {
    const said = hints[key];
    if (said !== undefined && said !== sizes[key])
      throw new FileError(
        `${hints.where}: ${hints.names?.[key] ?? key} is ${said}, but the weights in ${where} have ${sizes[key]}.${hints.advice ?? ""}`,
      );
  }
}

/** Layers that weights do not show would be those of another model. */
function refuseOtherType({ scheme: { modelTypes, title } }: VitPlan, hints: ModelHints, where: string): void {
  const { modelType } = hints;
  if (modelType === undefined || !modelTypes || modelTypes.includes(modelType)) return;
  throw new FileError(
    `${hints.where}: model_type is ${showValue(modelType)}, but the weights in ${where} have the names of ${title}.${hints.advice ?? ""}`,
  );
}

/** The image size that the position embedding was stored for. */
function storedImageSize(
  { sizes, variations }: VitPlan,
  hints: ModelHints,
  where: string,
): { size: Size; note?: string } {
  const { patchSize, tokens } = sizes;
  const patches = tokens - leadingTokens(variations);
  if (hints.imageSize !== undefined) {
    if (Math.max(...hints.imageSize) > limits.MAX_SIDE.value)
      throw new FileError(
        `${hints.where}: ${hints.names?.imageSize ?? "image size"} is ${hints.imageSize.join(" x ")}; at most ${limits.MAX_SIDE.value} pixels a side are allowed.`,
      );
    const [rows, columns] = gridOf(hints.imageSize, patchSize).map(Math.floor) as [number, number];
    if (rows * columns === patches) return { size: [rows * patchSize, columns * patchSize] };
    throw new FileError(
      `${hints.where}: ${hints.names?.imageSize ?? "image size"} is ${hints.imageSize.join(" x ")}, ${rows * columns} patches of ${patchSize}, but the weights in ${where} have positions for ${patches}.${hints.advice ?? ""}`,
    );
  }
  if (variations.absolutePositions === false && !variations.relativeBias)
    return {
      size: [usualSide, usualSide].map((side) => side - (side % patchSize)) as [number, number],
      note: `Image size ${usualSide} was assumed, as its positions fit any.`,
    };
  const side = Math.sqrt(patches);
  if (!Number.isInteger(side) || side < 1)
    throw new FileError(
      `${where}: the position embedding has ${tokens} rows; CLS and a square number of patches are needed where no config.json gives an image size.`,
    );
  const pixels = side * patchSize;
  return {
    size: [pixels, pixels],
    note: `Image size ${pixels} was inferred from ${patches} positions and patches of ${patchSize}.`,
  };
}

/** What weights do not show and no configuration says, in one sentence; `heads` where they were inferred. */
function sayAssumed(
  { scheme }: VitPlan,
  { where, layerNormEps, unknownArchitecture }: ModelHints,
  { config, heads }: { readonly config: VitConfig; readonly heads: number | undefined },
): string | undefined {
  if (where !== undefined && unknownArchitecture === undefined) return undefined;
  const why =
    where === undefined
      ? "No config.json says what the weights compute"
      : `Architecture ${showValue(unknownArchitecture)} is not among those of timm that are known`;
  const assumptions = [
    ...describeUnseen(config),
    ...(layerNormEps === undefined
      ? [`a layer-norm epsilon of ${scheme.layerNormEps} (the default of ${scheme.title})`]
      : []),
    ...(heads === undefined
      ? []
      : [`${heads} ${heads === 1 ? "head" : "heads"} (from the width of ${config.width})`]),
  ];
  return `${why}; assumed are ${renderList(assumptions)}.`;
}

/** Sizes from `plan`, the rest from `hints`, and from convention where neither says; each inference makes a note. */
export function configureVit(
  plan: VitPlan,
  { where, hints = {}, heads: givenHeads }: ConfigureOptions<ModelHints>,
): Configured<VitConfig> {
  refuseOtherType(plan, hints, where);
  refuseConflicts(plan, hints, where);
  const notes: string[] = [];
  const { width, depth, mlpWidth, patchSize, classes } = plan.sizes;

  const { size: imageSize, note } = storedImageSize(plan, hints, where);
  if (note !== undefined) notes.push(note);

  if (givenHeads !== undefined && hints.heads !== undefined && givenHeads !== hints.heads)
    throw new InputError(
      (show) =>
        `${hints.where ?? where} says ${hints.heads} heads, ${show("heads")} says ${givenHeads}. Leave the option out.`,
    );
  const said = givenHeads ?? hints.heads ?? plan.sizes.heads;
  if (said !== undefined && plan.sizes.heads !== undefined && said !== plan.sizes.heads)
    throw new InputError(
      (show) =>
        `${givenHeads === undefined ? `${hints.where} says` : `${show("heads")} says`} ${said} heads, but the weights in ${where} have ${plan.sizes.heads}.`,
    );
  const { unknownArchitecture } = hints;
  if (said === undefined && unknownArchitecture !== undefined)
    throw new InputError(
      (show) =>
        `${hints.where ?? where}: architecture ${showValue(unknownArchitecture)} is not among those of timm whose number of heads is known, and weights do not tell it. Give it as ${show("heads")}.`,
    );
  const heads = said ?? inferHeads(width, where);
  if (!Number.isInteger(heads) || heads < 1 || width % heads !== 0) {
    if (givenHeads !== undefined)
      throw new InputError(
        `Option heads is ${heads}, which does not divide the width of ${width} in ${where}.`,
      );
    throw new FileError(`${hints.where ?? where}: ${heads} heads do not divide the width of ${width}.`);
  }
  const layerNormEps = hints.layerNormEps ?? plan.scheme.layerNormEps;
  const config: VitConfig = {
    ...{ imageSize, patchSize, width, depth, heads, mlpWidth, layerNormEps, classes },
    ...variationsOf(plan, hints),
  };
  const flaw = vitConfigFlaw(config);
  if (flaw !== undefined) throw new FileError(`${hints.where ?? where}: ${flaw}.`);
  const assumed = sayAssumed(plan, hints, { config, heads: said === undefined ? heads : undefined });
  if (assumed !== undefined) notes.push(assumed);

  return { config, notes };
}
