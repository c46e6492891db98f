/** Changes of single bytes by a table of 256 for each channel, as Pillow's `ImageOps` has them. */

import { unreachable } from "../errors.ts";
import type { Image } from "./image.ts";

export type Tone =
  /** The darkest byte of each channel to 0, the lightest to 255. */
  | { readonly kind: "autocontrast" }
  /** About as many pixels of every byte. */
  | { readonly kind: "equalize" }
  | { readonly kind: "invert" }
  /** Only so many of the highest bits are kept; of none all is black, as Pillow 9 had it. */
  | { readonly kind: "posterize"; readonly bits: number }
  /** Bytes from `threshold` on are inverted. */
  | { readonly kind: "solarize"; readonly threshold: number }
  /** To bytes below 128 so much is added. */
  | { readonly kind: "solarizeAdd"; readonly add: number };

const bytes = Array.from({ length: 256 }, (_, byte) => byte);
const clip = (value: number): number => Math.min(255, Math.max(0, value));

/** The image with the tables of its three channels applied. */
export function changeTone({ width, height, pixels }: Image, tone: Tone): Image {
  const tables = [0, 1, 2].map((channel) => Uint8Array.from(tableOf(tone, () => histogram(pixels, channel))));
  const changed = new Uint8Array(pixels.length);
  for (let at = 0; at < pixels.length; at++)
    changed[at] = (tables[at % 3] as Uint8Array)[pixels[at] as number] as number;
  return { width, height, pixels: changed };
}

function tableOf(tone: Tone, histogramOf: () => readonly number[]): readonly number[] {
  switch (tone.kind) {
    case "autocontrast":
      return stretched(histogramOf());
    case "equalize":
      return equalized(histogramOf());
    case "invert":
      return bytes.map((byte) => 255 - byte);
    case "posterize":
      return bytes.map((byte) => byte & ~(2 ** (8 - tone.bits) - 1));
    case "solarize":
      return bytes.map((byte) => (byte < tone.threshold ? byte : 255 - byte));
    case "solarizeAdd":
      return bytes.map((byte) => (byte < 128 ? Math.min(255, byte + tone.add) : byte));
    default:
      return unreachable(tone);
  }
}

function histogram(pixels: Uint8Array, channel: number): readonly number[] {
  const counts = new Array<number>(256).fill(0);
  for (let at = channel; at < pixels.length; at += 3)
    counts[pixels[at] as number] = (counts[pixels[at] as number] as number) + 1;
  return counts;
}

function stretched(counts: readonly number[]): readonly number[] {
  const [low, high] = [counts.findIndex((count) => count > 0), counts.findLastIndex((count) => count > 0)];
  if (high <= low) return bytes;
  const scale = 255 / (high - low);
  return bytes.map((byte) => clip(Math.trunc(byte * scale + -low * scale)));
}

function equalized(counts: readonly number[]): readonly number[] {
  const there = counts.filter((count) => count > 0);
  const step = Math.floor((there.reduce((sum, count) => sum + count, 0) - (there.at(-1) ?? 0)) / 255);
  if (there.length <= 1 || step === 0) return bytes;
  let before = Math.floor(step / 2);
  return counts.map((count) => {
    const to = Math.floor(before / step);
    before += count;
    return clip(to);
  });
}
