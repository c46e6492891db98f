/** SVG to pixels to a small JPEG, with the faults of a camera between: blur, uneven light and noise. */

import sharp from "sharp";
import { between, chance, type Random } from "./random-choice.ts";

interface Camera {
  /** Both sides of the picture, in pixels. */
  readonly size: number;
  /** Standard deviation of the noise at its strongest, of 255. */
  readonly noise: number;
  /** How often the picture is blurred. */
  readonly blur: number;
  /** JPEG quality, 1 to 100. */
  readonly quality: number;
}

/** Rasterises a 100 by 100 SVG body and returns the bytes of a JPEG. */
export async function rasterise(
  body: string,
  { random, camera }: { random: Random; camera: Camera },
): Promise<Buffer> {
  const { size } = camera;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${size}" height="${size}" viewBox="0 0 100 100">${body}</svg>`;
  const pixels = await sharp(Buffer.from(svg)).removeAlpha().raw().toBuffer();
  const blurred = chance(random, camera.blur) ? blur(pixels, size) : pixels;
  expose(blurred, { random, noise: camera.noise });
  return sharp(blurred, { raw: { width: size, height: size, channels: 3 } })
    .jpeg({ quality: camera.quality, chromaSubsampling: camera.quality > 88 ? "4:4:4" : "4:2:0" })
    .toBuffer();
}

/** A box of 3 by 3 pixels; the outermost pixels stay as they are. */
function blur(pixels: Buffer, size: number): Buffer {
  const row = size * 3;
  const result = Buffer.from(pixels);
  for (let y = 1; y < size - 1; y++) {
    for (let i = y * row + 3; i < (y + 1) * row - 3; i++) {
      let sum = 0;
      for (const line of [i - row, i, i + row]) {
        sum += (pixels[line - 3] ?? 0) + (pixels[line] ?? 0) + (pixels[line + 3] ?? 0);
      }
      result[i] = sum / 9;
    }
  }
  return result;
}

/** value · gain + offset + noise, evenly spread with std `strength`; one gain, offset and strength for the whole picture. */
function expose(pixels: Buffer, { random, noise }: { random: Random; noise: number }): void {
  const gain = between(random, [0.8, 1.15]);
  const offset = between(random, [-12, 12]);
  const strength = noise * random.next();
  // An even spread of width w has the std w / √12.
  const width = strength * Math.sqrt(12);
  for (let i = 0; i < pixels.length; i++) {
    const value = (pixels[i] ?? 0) * gain + offset + width * (random.next() - 0.5);
    pixels[i] = Math.min(255, Math.max(0, Math.round(value)));
  }
}
