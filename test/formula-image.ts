/** An image drawn by the formula of parity/drawing.py, with the same bytes. */

import type { Image } from "../src/preprocessing/image.ts";

/** Stripes, steps and noise. */
export function formulaImage([height, width]: readonly [number, number]): Image {
  const pixels = new Uint8Array(width * height * 3);
  let at = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let channel = 0; channel < 3; channel++) {
        const noise = ((x * 7919 + y * 104729 + channel * 1299709 + x * y * 31) % 65521) % 256;
        const edges = ((Math.floor(x / 5) + Math.floor(y / 3) + channel) % 2) * 255;
        pixels[at++] = (x + y) % 7 < 4 ? noise : edges;
      }
  return { width, height, pixels };
}
