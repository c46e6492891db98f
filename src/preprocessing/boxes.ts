/** The boxes of crops and the sizes of resizes, rounded and sampled as torchvision does. */

import type { Image } from "./image.ts";
import type { Size, StepOptions } from "./steps.ts";

/** A box of an image in pixels. */
export interface Box {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
  /** The bytes of what lies outside the image; black where left out. */
  readonly fill?: readonly [red: number, green: number, blue: number] | undefined;
}

export type ImageSize = Pick<Image, "width" | "height">;
/** Numbers in [0, 1). */
export type Random = () => number;

/** Python's `round`: halves go to the even neighbour, as they do in torchvision's crops. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** torchvision's `Resize(size)`: the longer side is cut to whole pixels, not rounded. */
export function shortSideSize({ width, height }: ImageSize, size: number): Size {
  const short = Math.min(width, height);
  const long = Math.trunc((size * Math.max(width, height)) / short);
  return width <= height ? [long, size] : [size, long];
}

/** timm's `ResizeKeepRatio`: both sides divided by the larger of their ratios to `size` ("contain") or the smaller ("cover"). */
export function fitSize(
  { width, height }: ImageSize,
  { size, fit }: Pick<StepOptions["resizeFit"], "size" | "fit">,
): Size {
  const ratios = [height / size[0], width / size[1]];
  const ratio = fit === "contain" ? Math.max(...ratios) : Math.min(...ratios);
  const side = (pixels: number) => Math.max(1, roundHalfEven(pixels / ratio));
  return [side(height), side(width)];
}

/** Where torchvision's centre crop begins along one side; negative where the image is smaller and gets a border. */
const centerStart = (inSize: number, outSize: number): number =>
  inSize < outSize ? 0 - Math.floor((outSize - inSize) / 2) : roundHalfEven((inSize - outSize) / 2);

/** The box of torchvision's `CenterCrop`. */
export const centerBox = (image: ImageSize, [height, width]: Size): Box => ({
  top: centerStart(image.height, height),
  left: centerStart(image.width, width),
  height,
  width,
});

/** The box of transformers' `center_crop`: half a pixel is rounded down, inside the image and outside. */
export const centerBoxDown = (image: ImageSize, [height, width]: Size): Box => ({
  top: Math.floor((image.height - height) / 2),
  left: Math.floor((image.width - width) / 2),
  height,
  width,
});

/** torchvision's `RandomCrop`; where the image is smaller, it is centred on black instead of being refused. */
export function randomBox(image: ImageSize, size: Size, random: Random): Box {
  const [height, width] = size;
  const centered = centerBox(image, size);
  return {
    top: image.height < height ? centered.top : Math.floor(random() * (image.height - height + 1)),
    left: image.width < width ? centered.left : Math.floor(random() * (image.width - width + 1)),
    height,
    width,
  };
}

type Area = Pick<StepOptions["randomResizedCrop"], "scale" | "ratio">;

/** torchvision's `RandomResizedCrop`: ten tries for a box of a random area and aspect, then the largest central one. */
export function randomArea(image: ImageSize, { scale, ratio: ratios }: Area, random: Random): Box {
  const [minRatio, maxRatio] = ratios;
  const between = ([low, high]: readonly [number, number]) => low + random() * (high - low);
  for (let attempt = 0; attempt < 10; attempt++) {
    const area = image.width * image.height * between(scale);
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
