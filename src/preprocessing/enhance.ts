/** Less or more of colour, contrast, brightness and sharpness: Pillow's `ImageEnhance`, in its float32 arithmetic. */

import { unreachable } from "../errors.ts";
import type { Image } from "./image.ts";

export type Enhanced = "color" | "contrast" | "brightness" | "sharpness";

/** Between the image without it, at a factor of 0, and the image itself, at 1; beyond 1 there is more of it. */
export function enhance(image: Image, { what, factor }: { what: Enhanced; factor: number }): Image {
  const alpha = Math.fround(factor);
  if (alpha === 1) return image;
  const { width, height, pixels } = image;
  const without = pixelsWithout(image, what);
  const blended = new Uint8Array(pixels.length);
  for (let at = 0; at < pixels.length; at++) {
    const from = without[at] as number;
    const value = Math.fround(from + Math.fround(alpha * ((pixels[at] as number) - from)));
    blended[at] = value <= 0 ? 0 : value >= 255 ? 255 : Math.trunc(value);
  }
  return { width, height, pixels: blended };
}

function pixelsWithout(image: Image, what: Enhanced): Uint8Array {
  switch (what) {
    case "color": {
      const grey = greyOf(image.pixels);
      return image.pixels.map((_, at) => grey[Math.floor(at / 3)] as number);
    }
    case "contrast": {
      const grey = greyOf(image.pixels);
      const mean = grey.reduce((sum, value) => sum + value, 0) / grey.length;
      return new Uint8Array(image.pixels.length).fill(Math.trunc(mean + 0.5));
    }
    case "brightness":
      return new Uint8Array(image.pixels.length);
    case "sharpness":
      return smooth(image);
    default:
      return unreachable(what);
  }
}

/** ITU-R 601-2 luma in fixed point: what Pillow's conversion to `L` gives. */
function greyOf(pixels: Uint8Array): Uint8Array {
  const grey = new Uint8Array(pixels.length / 3);
  for (let pixel = 0; pixel < grey.length; pixel++) {
    const [red, green, blue] = [pixels[3 * pixel], pixels[3 * pixel + 1], pixels[3 * pixel + 2]] as number[];
    grey[pixel] =
      ((red as number) * 19595 + (green as number) * 38470 + (blue as number) * 7471 + 0x8000) >> 16;
  }
  return grey;
}

/** Pillow's `SMOOTH`: each pixel five times and its eight neighbours once, over 13; pixels at the edge stay. */
function smooth({ width, height, pixels }: Image): Uint8Array {
  const [side, middle] = [Math.fround(1 / 13), Math.fround(5 / 13)];
  const smoothed = pixels.slice();
  const times = (at: number, weight: number) => Math.fround((pixels[at] as number) * weight);
  const row = (at: number, weight: number) =>
    Math.fround(Math.fround(times(at - 3, side) + times(at, weight)) + times(at + 3, side));
  for (let y = 1; y < height - 1; y++)
    for (let x = 1; x < width - 1; x++)
      for (let at = (y * width + x) * 3, end = at + 3; at < end; at++) {
        const below = Math.fround(0.5 + row(at + 3 * width, side));
        const value = Math.fround(Math.fround(below + row(at, middle)) + row(at - 3 * width, side));
        smoothed[at] = value >= 255 ? 255 : Math.trunc(value);
      }
  return smoothed;
}
