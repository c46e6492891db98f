/** A small synthetic data set, which a tiny model learns in a moment. */

import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import type { Dataset, Example } from "../src/datasets/dataset.ts";
import { randomNumbers } from "./random-numbers.ts";

const classes = ["columns", "rows", "squares"] as const;
const side = 16;

/** Noise over stripes or a chequered board, shifted at random. */
async function drawImage(path: string, label: number, seed: number): Promise<void> {
  const noise = randomNumbers(3 * side * side + 2, { seed, low: -60, high: 60 });
  const [across = 0, down = 0] = [...noise.slice(-2)].map((number) => Math.abs(Math.round(number)));
  const pixels = Uint8Array.from({ length: 3 * side * side }, (_, i) => {
    const [x, y] = [(Math.floor(i / 3) % side) + across, Math.floor(i / 3 / side) + down];
    const columns = (x >> 1) & 1;
    const rows = (y >> 1) & 1;
    const bright = label === 0 ? columns : label === 1 ? rows : columns ^ rows;
    return 70 + 110 * bright + (noise[i] ?? 0);
  });
  await sharp(pixels, { raw: { width: side, height: side, channels: 3 } })
    .png()
    .toFile(path);
}

/** Writes `train` and `val` images of three classes below `root`, 16 pixels a side, where they are not there yet. */
export async function writeTinyDataset(root: string, { train = 8, val = 4 } = {}): Promise<Dataset> {
  let seed = 1;
  const drawSplit = async (split: string, perClass: number): Promise<Example[]> => {
    const examples: Example[] = [];
    for (const [label, name] of classes.entries()) {
      const folder = join(root, split, name);
      await mkdir(folder, { recursive: true });
      for (let index = 0; index < perClass; index++) {
        const path = join(folder, `${index}.png`);
        if (!existsSync(path)) await drawImage(path, label, seed);
        seed++;
        examples.push({ path, label });
      }
    }
    return examples;
  };
  const splits = { train: await drawSplit("train", train), val: await drawSplit("val", val), test: [] };
  return { root, layout: "splits", classes, splits, notes: [] };
}
