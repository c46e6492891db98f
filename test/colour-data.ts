/** A tiny model and a data set of coloured pictures that it can learn within seconds. */

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import type { Tensor } from "../src/formats/tensor.ts";
import { writeModel } from "../src/model/write-model.ts";
import { randomNumbers } from "./random-numbers.ts";
import { randomWeights, tiny } from "./tiny-vit.ts";

export const colours = { blue: [40, 60, 200], green: [50, 190, 60], red: [210, 50, 40] } as const;
export const colourNames = Object.keys(colours);

/** Writes a model of the tiny size in Hugging Face's layout; without labels, without a head. */
export async function writeTinyModel(
  folder: string,
  { labels = colourNames, config = tiny }: { labels?: readonly string[]; config?: typeof tiny } = {},
): Promise<void> {
  const sizes = { ...config, classes: labels.length };
  const weights = new Map<string, Tensor>();
  for (const [name, { shape, data }] of randomWeights(sizes))
    if (labels.length > 0 || !name.startsWith("head."))
      weights.set(name, { shape, data: Float32Array.from(data) });
  await writeModel(folder, {
    config: sizes,
    weights,
    labels,
    preprocessing: [
      ["resize", { size: sizes.imageSize, filter: "bilinear" }],
      ["normalize", { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }],
    ],
  });
}

/** Writes one noisy picture of a colour. */
export async function writePicture(path: string, [r, g, b]: readonly number[], seed: number): Promise<void> {
  const [width, height] = [12, 10];
  const noise = randomNumbers(width * height * 3, { seed, low: -35, high: 35 });
  const pixels = Uint8Array.from(noise, (x, at) => Math.max(0, Math.min(255, x + ([r, g, b][at % 3] ?? 0))));
  await sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toFile(path);
}

/** Writes class folders of `counts` pictures each, below the name of each split ("" for none). */
export async function writeColours(root: string, counts: Readonly<Record<string, number>>): Promise<void> {
  for (const [at, [split, count]] of Object.entries(counts).entries())
    for (const [label, [name, colour]] of Object.entries(colours).entries()) {
      const folder = join(root, split, name);
      await mkdir(folder, { recursive: true });
      for (let number = 0; number < count; number++)
        await writePicture(join(folder, `${number}.png`), colour, 1000 * at + 100 * label + number);
    }
}
