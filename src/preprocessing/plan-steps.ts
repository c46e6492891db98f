/** Steps become actions on one image: its size is known, the random numbers are drawn, nothing is left to decide. */

import { FileError, unreachable } from "../errors.ts";
import { type Box, centerBox, crop, flip, roundHalfEven } from "./crop.ts";
import { type Image, renderImageSize } from "./image.ts";
import { resize } from "./resize.ts";
import type { Filter, Step } from "./steps.ts";

/** What is done to the pixels; plain data, so that another thread can do it. */
export type Action =
  | { readonly type: "resize"; readonly size: readonly [number, number]; readonly filter: Filter }
  | { readonly type: "crop"; readonly box: Box }
  | { readonly type: "flip" };

type Random = () => number;
type ImageSize = Pick<Image, "width" | "height">;

/**
 * 64 Mi pixels are 192 MiB. Only a needle of an image passes this, say 1 × 90000, when its short side is made 256.
 */
const MAX_RESIZED_PIXELS = 2 ** 26;

/** torchvision's `Resize(size)`: the longer side is cut to whole pixels, not rounded. */
function shortSideSize({ width, height }: ImageSize, size: number): readonly [number, number] {
  const short = Math.min(width, height);
  const long = Math.trunc((size * Math.max(width, height)) / short);
  return width <= height ? [long, size] : [size, long];
}

/** torchvision's `RandomCrop`; where the image is smaller, it is centred on black instead of being refused. */
function randomBox(image: ImageSize, size: readonly [number, number], random: Random): Box {
  const [height, width] = size;
  const centered = centerBox(image, size);
  return {
    top: image.height < height ? centered.top : Math.floor(random() * (image.height - height + 1)),
    left: image.width < width ? centered.left : Math.floor(random() * (image.width - width + 1)),
    height,
    width,
  };
}

type RandomResizedCrop = Extract<Step, readonly ["randomResizedCrop", unknown]>[1];

/** torchvision's `RandomResizedCrop`: ten tries for a box of a drawn area and aspect, then the largest central one. */
function randomArea(image: ImageSize, options: RandomResizedCrop, random: Random): Box {
  const [minRatio, maxRatio] = options.ratio;
  const between = ([low, high]: readonly [number, number]) => low + random() * (high - low);
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = image.width * image.height * between(options.scale);
    const ratio = Math.exp(between([Math.log(minRatio), Math.log(maxRatio)]));
    const width = roundHalfEven(Math.sqrt(area * ratio));
    const height = roundHalfEven(Math.sqrt(area / ratio));
    if (width > 0 && width <= image.width && height > 0 && height <= image.height)
      return randomBox(image, [height, width], random);
  }
  const ratio = image.width / image.height;
  const width = ratio > maxRatio ? Math.max(1, roundHalfEven(image.height * maxRatio)) : image.width;
  const height = ratio < minRatio ? Math.max(1, roundHalfEven(image.width / minRatio)) : image.height;
  return {
    top: Math.floor((image.height - height) / 2),
    left: Math.floor((image.width - width) / 2),
    height,
    width,
  };
}

function planStep(step: Step, image: ImageSize, random: Random): readonly Action[] {
  switch (step[0]) {
    case "resize":
      return [{ type: "resize", ...step[1] }];
    case "resizeShort":
      return [{ type: "resize", size: shortSideSize(image, step[1].size), filter: step[1].filter }];
    case "centerCrop":
      return [{ type: "crop", box: centerBox(image, step[1].size) }];
    case "randomCrop":
      return [{ type: "crop", box: randomBox(image, step[1].size, random) }];
    case "randomResizedCrop":
      return [
        { type: "crop", box: randomArea(image, step[1], random) },
        { type: "resize", size: step[1].size, filter: step[1].filter },
      ];
    case "randomHorizontalFlip":
      return random() < step[1].probability ? [{ type: "flip" }] : [];
    case "normalize":
      return []; // makes numbers of bytes, so it comes after all actions
    default:
      return unreachable(step);
  }
}

function sizeAfter(image: ImageSize, action: Action): ImageSize {
  if (action.type === "flip") return image;
  if (action.type === "crop") return action.box;
  const [height, width] = action.size;
  return { height, width };
}

const noRandom: Random = () => {
  throw new Error("internal: a random step was planned without random numbers");
};

/** The actions of `steps` on an image of this size; `where` names the image in messages. */
export function planSteps(
  steps: readonly Step[],
  image: ImageSize,
  { where = "The image", random = noRandom }: { readonly where?: string; readonly random?: Random } = {},
): readonly Action[] {
  const actions: Action[] = [];
  let size = image;
  for (const step of steps)
    for (const action of planStep(step, size, random)) {
      // Its width is changed first, so a tall needle is wide and tall for a while.
      const between = action.type === "resize" ? { width: action.size[1], height: size.height } : size;
      size = sizeAfter(size, action);
      const largest = [between, size].find(({ width, height }) => width * height > MAX_RESIZED_PIXELS);
      if (largest)
        throw new FileError(
          `${where} is ${renderImageSize(image)}, so ${step[0]} would make it ${renderImageSize(largest)}; at most ${MAX_RESIZED_PIXELS} pixels are allowed. Crop it first.`,
        );
      actions.push(action);
    }
  return actions;
}

/** The image after all actions. */
export function applyActions(image: Image, actions: readonly Action[]): Image {
  return actions.reduce((current, action) => {
    switch (action.type) {
      case "resize":
        return resize(current, action);
      case "crop":
        return crop(current, action.box);
      case "flip":
        return flip(current);
      default:
        return unreachable(action);
    }
  }, image);
}
