/** A picture reduced to 32 x 32 greys and its mean colour: enough to see whether two images show the same. */

import type { Image } from "../preprocessing/image.ts";
import { resize } from "../preprocessing/resize.ts";
import type { ImageFacts } from "./decode-bytes.ts";

/** Both sides: at 32 a copy that was saved again stays the same, and another photo of the same thing does not. */
export const sketchSide = 32;

export interface Sketch {
  /** [32 · 32] */
  readonly greys: Uint8Array;
  /** Means of red, green and blue. */
  readonly colour: readonly [number, number, number];
  /** How far apart the darkest and the brightest value of a channel of the whole image are, where that is most. */
  readonly range: number;
}

/** What one look at an image file gives. */
export interface SketchedImage {
  readonly facts: ImageFacts;
  readonly sketch: Sketch;
}

export function makeSketch(image: Image): Sketch {
  const isSmall = image.width === sketchSide && image.height === sketchSide;
  const { pixels } = isSmall ? image : resize(image, { size: [sketchSide, sketchSide], filter: "bilinear" });
  const value = (at: number, channel: number): number => pixels[3 * at + channel] as number;
  // The luma of ITU-R BT.601, as in JPEG.
  const greys = Uint8Array.from({ length: sketchSide ** 2 }, (_, at) =>
    Math.round(0.299 * value(at, 0) + 0.587 * value(at, 1) + 0.114 * value(at, 2)),
  );
  const mean = (channel: number): number =>
    greys.reduce((sum, _, at) => sum + value(at, channel), 0) / greys.length;
  return { greys, colour: [mean(0), mean(1), mean(2)], range: rangeOf(image) };
}

function rangeOf({ pixels }: Image): number {
  const low = [255, 255, 255];
  const high = [0, 0, 0];
  for (let at = 0; at < pixels.length; at++) {
    const [value, channel] = [pixels[at] as number, at % 3];
    if (value < (low[channel] as number)) low[channel] = value;
    if (value > (high[channel] as number)) high[channel] = value;
  }
  return Math.max(...high.map((value, channel) => value - (low[channel] as number)));
}
