/** Bytes to numbers: (rgb / 255 - mean) / std, from a table of 256 results per channel. */

import type { Image } from "./image.ts";
import type { Step } from "./steps.ts";

/** [3, 256]: the number for each channel and byte. */
export type ByteTable = Float32Array;

/** Every operation rounds to float32, so that the numbers are those of torchvision's `ToTensor` and `Normalize`. */
export function byteTable(steps: readonly Step[]): ByteTable {
  const last = steps.at(-1);
  if (last?.[0] !== "normalize") throw new Error("internal: steps do not end in normalize");
  const { mean, std } = last[1];
  const table = new Float32Array(3 * 256);
  for (const channel of [0, 1, 2] as const)
    for (let byte = 0; byte < 256; byte++) {
      const centered = Math.fround(Math.fround(byte / 255) - Math.fround(mean[channel]));
      table[channel * 256 + byte] = centered / Math.fround(std[channel]);
    }
  return table;
}

/** Writes [3, height, width] into `target` from `offset` on. */
export function normaliseInto(
  target: Float32Array,
  image: Image,
  { table, offset = 0 }: { readonly table: ByteTable; readonly offset?: number },
): void {
  const { pixels } = image;
  const plane = image.width * image.height;
  let red = offset;
  for (let from = 0; from < plane * 3; from += 3) {
    target[red] = table[pixels[from] as number] as number;
    target[red + plane] = table[256 + (pixels[from + 1] as number)] as number;
    target[red + 2 * plane] = table[512 + (pixels[from + 2] as number)] as number;
    red++;
  }
}
