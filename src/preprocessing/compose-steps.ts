/** Preprocessing from a few choices: how to resize, what to crop, whether to flip, how to scale colours. */

import { InputError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import { CROP_SHARE } from "./step-kinds.ts";
import { defaultSteps } from "./step-list.ts";
import type { Filter, Size, Step } from "./steps.ts";

export interface StepChoices {
  readonly resize?: "squash" | "short";
  readonly interpolation?: Filter;
  readonly crop?: "none" | "center" | "random" | "random-resized";
  /** The smallest share of the area that a random-resized crop takes; torchvision's 0.08 where left out. */
  readonly cropScale?: number | undefined;
  readonly flip?: boolean;
  /** Magnitude of RandAugment, from 0 to 10: two changes of colours and place for each training image. */
  readonly randAugment?: number | undefined;
  readonly normalize?: "half" | "imagenet";
}

const colours = {
  half: { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] },
  imagenet: { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] },
} as const;

/** The model's own steps where nothing else is chosen; each choice replaces its part of them. */
export function composeSteps(
  size: Size,
  model: readonly Step[] | undefined,
  choices: StepChoices,
): readonly Step[] {
  const base = model ?? defaultSteps(size);
  const { resize, interpolation, crop, cropScale, flip, randAugment, normalize } = choices;
  checkCropScale(choices);
  checkRandAugment(choices);
  const filter = interpolation ?? filterOf(base) ?? "bicubic";
  const asGiven = resize === undefined && crop === undefined;
  const shape = asGiven
    ? withFilter(base, filter)
    : shapeSteps(size, { filter, resize: resize ?? "squash", crop, cropScale });
  const own = base.find(([name]) => name === "normalize") ?? (["normalize", colours.half] as const);
  const ending: Step = normalize ? ["normalize", colours[normalize]] : own;
  return [
    ...shape.filter(([name]) => name !== "normalize"),
    ...(flip ? [["randomHorizontalFlip", { probability: 0.5 }] as const] : []),
    ...(randAugment === undefined ? [] : [augmentStep(randAugment, { filter, ending })]),
    ending,
  ];
}

/** timm's `mstd0.5`, its changes filled with the mean colour. */
function augmentStep(magnitude: number, { filter, ending }: { filter: Filter; ending: Step }): Step {
  const mean = ending[0] === "normalize" ? ending[1].mean : colours.half.mean;
  const [red, green, blue] = mean.map((part) => Math.min(255, Math.max(0, Math.round(255 * part))));
  const fill = [red ?? 0, green ?? 0, blue ?? 0] as const;
  const warped = filter === "bilinear" ? filter : "bicubic";
  return ["randomAugment", { magnitude, magnitudeStd: 0.5, filter: warped, fill }];
}

function checkRandAugment({ randAugment }: StepChoices): void {
  if (randAugment === undefined || (typeof randAugment === "number" && randAugment >= 0 && randAugment <= 10))
    return;
  throw new InputError(
    (show) => `${show("randAugment")} must be a number from 0 to 10, got ${showValue(randAugment)}.`,
  );
}

function checkCropScale({ crop, cropScale }: StepChoices): void {
  if (cropScale === undefined) return;
  if (!(typeof cropScale === "number" && cropScale > 0 && cropScale <= 1))
    throw new InputError(
      (show) => `${show("cropScale")} must be a number above 0 and at most 1, got ${showValue(cropScale)}.`,
    );
  if (crop !== "random-resized")
    throw new InputError(
      (show) =>
        `${show("cropScale")} belongs to ${show("crop", "random-resized")}, got ${crop ?? "no crop"}.`,
    );
}

function shapeSteps(
  size: Size,
  {
    filter,
    resize,
    crop,
    cropScale = 0.08,
  }: { filter: Filter; resize: "squash" | "short" } & Pick<StepChoices, "crop" | "cropScale">,
): Step[] {
  if (crop === "random-resized")
    return [["randomResizedCrop", { size, scale: [cropScale, 1], ratio: [3 / 4, 4 / 3], filter }]];
  if (crop === "none" && resize === "short")
    throw new InputError(
      "resize short keeps the aspect ratio, so images need a crop to one size: center, random or random-resized, not none.",
    );
  const cut = crop ?? (resize === "short" ? "center" : "none");
  if (cut === "none" && resize === "squash") return [["resize", { size, filter }]];
  const [height, width] = [Math.round(size[0] / CROP_SHARE), Math.round(size[1] / CROP_SHARE)];
  const larger: Step =
    resize === "squash"
      ? ["resize", { size: [height, width], filter }]
      : ["resizeShort", { size: Math.max(height, width), filter }];
  return [larger, [cut === "random" ? "randomCrop" : "centerCrop", { size }]];
}

const filterOf = (steps: readonly Step[]): Filter | undefined =>
  steps.flatMap(([, options]) => ("filter" in options ? [options.filter] : []))[0];

const withFilter = (steps: readonly Step[], filter: Filter): Step[] =>
  steps.map((step) => ("filter" in step[1] ? ([step[0], { ...step[1], filter }] as Step) : step));
