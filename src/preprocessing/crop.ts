/** Moving pixels without changing them: cut out a box, mirror left and right. */

import type { Image } from "./image.ts";

/** A box of an image in pixels; what lies outside the image is black. */
export interface Box {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** Python's `round`: halves go to the even neighbour, as they do in torchvision's crops. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** Where torchvision's centre crop begins along one side; negative where the image is smaller and gets a border. */
const centerStart = (inSize: number, outSize: number): number =>
  inSize < outSize ? 0 - Math.floor((outSize - inSize) / 2) : roundHalfEven((inSize - outSize) / 2);

/** The box of torchvision's `CenterCrop`. */
export const centerBox = (
  image: Pick<Image, "width" | "height">,
  [height, width]: readonly [number, number],
): Box => ({ top: centerStart(image.height, height), left: centerStart(image.width, width), height, width });

/** The pixels of `box`. */
export function crop(image: Image, box: Box): Image {
  const { top, left, height, width } = box;
  if (top === 0 && left === 0 && height === image.height && width === image.width) return image;
  const pixels = new Uint8Array(width * height * 3);
  const firstColumn = Math.max(0, left);
  const lastColumn = Math.min(image.width, left + width);
  const lastRow = Math.min(image.height, top + height);
  if (firstColumn >= lastColumn) return { width, height, pixels };
  for (let y = Math.max(0, top); y < lastRow; y++) {
    const row = y * image.width;
    pixels.set(
      image.pixels.subarray((row + firstColumn) * 3, (row + lastColumn) * 3),
      ((y - top) * width + firstColumn - left) * 3,
    );
  }
  return { width, height, pixels };
}

/** The image mirrored left and right. */
export function flip({ width, height, pixels }: Image): Image {
  const flipped = new Uint8Array(pixels.length);
  for (let y = 0; y < height; y++) {
    let from = (y + 1) * width * 3 - 3;
    let to = y * width * 3;
    for (let x = 0; x < width; x++) {
      flipped[to] = pixels[from] ?? 0;
      flipped[to + 1] = pixels[from + 1] ?? 0;
      flipped[to + 2] = pixels[from + 2] ?? 0;
      from -= 3;
      to += 3;
    }
  }
  return { width, height, pixels: flipped };
}
