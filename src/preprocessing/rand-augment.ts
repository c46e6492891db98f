/** RandAugment as timm has it under `rand-m9-mstd0.5-inc1`: which changes an image gets. Cubuk et al. 2020, arXiv 1909.13719. */

import type { Action } from "./actions.ts";
import type { ImageSize, Random } from "./boxes.ts";
import type { StepOptions } from "./steps.ts";
import { rotation, type Warp } from "./warp.ts";

type Options = StepOptions["randomAugment"];

/** Each of an image's two changes is left out as often as not. */
const layers = 2;
const probability = 0.5;

/** What a change needs besides its level, a number from 0 to 10. */
interface Context {
  readonly image: ImageSize;
  readonly options: Options;
  /** The value, or as often its negative. */
  readonly eitherSign: (value: number) => number;
}

const warped = (matrix: Warp["matrix"], { options: { filter, fill } }: Context): Action => ({
  ...{ type: "warp", matrix, filter, fill },
});
/** Away from 1, which changes nothing, to either side. */
const enhanced =
  (what: "color" | "contrast" | "brightness" | "sharpness") =>
  (level: number, { eitherSign }: Context): Action => ({
    ...{ type: "enhance", what, factor: Math.max(0.1, 1 + eitherSign((level / 10) * 0.9)) },
  });

/** timm's `_RAND_INCREASING_TRANSFORMS`, in its order: the higher the level, the more each of them does. */
export const changes: readonly ((level: number, context: Context) => Action)[] = [
  () => ({ type: "tone", tone: { kind: "autocontrast" } }),
  () => ({ type: "tone", tone: { kind: "equalize" } }),
  () => ({ type: "tone", tone: { kind: "invert" } }),
  (level, context) => {
    const degrees = context.eitherSign((level / 10) * 30);
    return warped(rotation(degrees, context.image), context);
  },
  (level) => ({ type: "tone", tone: { kind: "posterize", bits: 4 - Math.trunc((level / 10) * 4) } }),
  (level) => ({
    type: "tone",
    tone: { kind: "solarize", threshold: 256 - Math.min(256, Math.trunc((level / 10) * 256)) },
  }),
  (level) => ({
    type: "tone",
    tone: { kind: "solarizeAdd", add: Math.min(128, Math.trunc((level / 10) * 110)) },
  }),
  enhanced("color"),
  enhanced("contrast"),
  enhanced("brightness"),
  enhanced("sharpness"),
  (level, context) => warped([1, context.eitherSign((level / 10) * 0.3), 0, 0, 1, 0], context),
  (level, context) => warped([1, 0, 0, context.eitherSign((level / 10) * 0.3), 1, 0], context),
  (level, context) =>
    warped([1, 0, context.eitherSign((level / 10) * 0.45) * context.image.width, 0, 1, 0], context),
  (level, context) =>
    warped([1, 0, 0, 0, 1, context.eitherSign((level / 10) * 0.45) * context.image.height], context),
];

/** The changes of one image. */
export function randAugment(options: Options, image: ImageSize, random: Random): readonly Action[] {
  const eitherSign = (value: number): number => (random() > 0.5 ? -value : value);
  const chosen = Array.from({ length: layers }, () => Math.floor(random() * changes.length));
  return chosen.flatMap((index) => {
    if (random() > probability) return [];
    const level = Math.min(10, Math.max(0, options.magnitude + options.magnitudeStd * normal(random)));
    const change = changes[index];
    return change ? [change(level, { image, options, eitherSign })] : [];
  });
}

/** Box and Muller. */
const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
