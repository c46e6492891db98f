/** The planned operations on one image's pixels: plain data, so that another process can run them. */

import { unreachable } from "../errors.ts";
import type { Box, ImageSize } from "./boxes.ts";
import { type Enhanced, enhance } from "./enhance.ts";
import type { Image } from "./image.ts";
import { resize } from "./resize.ts";
import type { Filter, Size } from "./steps.ts";
import { changeTone, type Tone } from "./tones.ts";
import { type Warp, warp } from "./warp.ts";

export type Action =
  | { readonly type: "resize"; readonly size: Size; readonly filter: Filter }
  | { readonly type: "crop"; readonly box: Box }
  | { readonly type: "flip" }
  | { readonly type: "tone"; readonly tone: Tone }
  | { readonly type: "enhance"; readonly what: Enhanced; readonly factor: number }
  | ({ readonly type: "warp" } & Warp);

/** Whether it only copies pixels, so that sending them to another process would take longer. */
export const isCheap = ({ type }: Action): boolean => type === "crop" || type === "flip";

export function sizeAfter(image: ImageSize, action: Action): ImageSize {
  switch (action.type) {
    case "resize":
      return { height: action.size[0], width: action.size[1] };
    case "crop":
      return action.box;
    case "flip":
    case "tone":
    case "enhance":
    case "warp":
      return image;
    default:
      return unreachable(action);
  }
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
      case "tone":
        return changeTone(current, action.tone);
      case "enhance":
        return enhance(current, action);
      case "warp":
        return warp(current, action);
      default:
        return unreachable(action);
    }
  }, image);
}

/** The pixels of `box`; its fill, or black, outside the image. */
export function crop(image: Image, box: Box): Image {
  const { top, left, height, width, fill } = box;
  if (top === 0 && left === 0 && height === image.height && width === image.width) return image;
  const pixels = new Uint8Array(width * height * 3);
  if (fill) for (let at = 0; at < pixels.length; at += 3) pixels.set(fill, at);
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
      flipped[to] = pixels[from] as number;
      flipped[to + 1] = pixels[from + 1] as number;
      flipped[to + 2] = pixels[from + 2] as number;
      from -= 3;
      to += 3;
    }
  }
  return { width, height, pixels: flipped };
}
