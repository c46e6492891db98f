/** dSprites as its authors give it: black and white sprites, and the class of each factor that a sprite was drawn with. */

import { join } from "node:path";
import { FileError } from "../../src/errors.ts";
import { inRange } from "./in-range.ts";
import { type RowFormat, withNpzRows } from "./npz-rows.ts";
import { packBits, unpackBits } from "./pack-bits.ts";
import { grouped } from "./scene-labels.ts";
import { type Original, type OriginalFormat, slicesOfOne, type VtabTask } from "./task.ts";

const fileName = "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz";
const side = 64;
/** A bit for a pixel. */
const spriteBytes = (side * side) / 8;
/** 3 shapes, 6 scales, 40 orientations, 32 positions by 32. */
const count = 737_280;
/** VTAB puts neighbouring classes of a factor together until there are so many. */
const classes = 16;

/** A column of the array `latents_classes`, and how many classes it has. */
interface Factor {
  readonly column: number;
  readonly classes: number;
}
const orientation: Factor = { column: 3, classes: 40 };
const xPosition: Factor = { column: 4, classes: 32 };

const sprites: RowFormat = { name: "imgs", descr: "|u1", valueBytes: 1, row: [side, side] };
/** Colour, shape, scale, orientation, x and y. */
const factors = 6;
const factorClasses: RowFormat = { name: "latents_classes", descr: "<i8", valueBytes: 8, row: [factors] };

const originalsBy = (factor: Factor): OriginalFormat => ({
  files: `${fileName} of https://github.com/google-deepmind/dsprites-dataset, as it is`,
  open: async (folder) => {
    const path = join(folder, fileName);
    const labels = await readLabels(path, factor);
    // 3 GB inflated, and nothing in it is found without what lies before: packed once, when the first is asked for.
    let packed: Promise<Uint8Array> | undefined;
    const image = async (index: number) => {
      packed ??= packSprites(path, labels.length);
      const bits = (await packed).subarray(index * spriteBytes, (index + 1) * spriteBytes);
      // VTAB's pixels are 0 and 255.
      return { pixels: unpackBits(bits, 255), width: side, height: side, channels: 1 } as const;
    };
    return { train: labels.map((label, key): Original => ({ key, label, image: () => image(key) })) };
  },
});

const common = {
  ...{ tfds: "dsprites/2.0.0", folder: "dsprites", counts: { train: count }, classes },
  slices: slicesOfOne(count, { train: 80, val: 10 }),
};

export const dspritesTasks: readonly VtabTask[] = [
  { name: "dsprites_loc", ...common, originals: originalsBy(xPosition) },
  { name: "dsprites_ori", ...common, originals: originalsBy(orientation) },
];

const readLabels = (path: string, factor: Factor): Promise<readonly number[]> =>
  withNpzRows(path, factorClasses, async ({ count, chunks }) => {
    const bytes = new Uint8Array(count * factors * 8);
    let done = 0;
    for await (const chunk of chunks) {
      bytes.set(chunk, done);
      done += chunk.length;
    }
    const view = new DataView(bytes.buffer);
    return Array.from({ length: count }, (_, row) => {
      const value = view.getBigInt64((row * factors + factor.column) * 8, true);
      const where = `${path}: latents_classes, row ${row}, column ${factor.column},`;
      const number = inRange(value, { where, from: 0, to: factor.classes - 1 });
      return grouped(number, { values: factor.classes, classes });
    });
  });

/** 377 MB for all. */
const packSprites = (path: string, count: number): Promise<Uint8Array> =>
  withNpzRows(path, sprites, async (rows) => {
    if (rows.count !== count)
      throw new FileError(
        `${path}: imgs has ${rows.count} rows, and latents_classes ${count}; as many are expected. Download it again.`,
      );
    const bits = new Uint8Array(count * spriteBytes);
    let done = 0;
    for await (const chunk of rows.chunks) {
      if (packBits(bits, chunk, done) > 1)
        throw new FileError(`${path}: imgs has values other than 0 and 1. Download it again.`);
      done += chunk.length;
    }
    return bits;
  });
