/** Street View House Numbers, cropped: MATLAB arrays of pixels and of digits. */

import { join } from "node:path";
import { FileError } from "../../src/errors.ts";
import { inRange } from "./in-range.ts";
import { type MatArray, readMatFile } from "./mat-file.ts";
import { type Original, type OriginalFormat, slicesOfTrain, type VtabTask } from "./task.ts";

const side = 32;
const plane = side * side;
const imageBytes = 3 * plane;

const originals: OriginalFormat = {
  files:
    "train_32x32.mat and test_32x32.mat of http://ufldl.stanford.edu/housenumbers/ (format 2, cropped digits)",
  open: async (folder) => ({
    train: await readSplit(join(folder, "train_32x32.mat")),
    test: await readSplit(join(folder, "test_32x32.mat")),
  }),
};

export const svhnTasks: readonly VtabTask[] = [
  {
    ...{ name: "svhn", tfds: "svhn_cropped/3.1.0", folder: "svhn", classes: 10 },
    counts: { train: 73_257, test: 26_032 },
    slices: slicesOfTrain(73_257, 90),
    originals,
  },
];

async function readSplit(path: string): Promise<readonly Original[]> {
  const { X, y } = await readMatFile(path, ["X", "y"]);
  const bytes = bytesOf(X, path);
  const count = bytes.length / imageBytes;
  if (y.values.length !== count)
    throw new FileError(`${path} has ${count} images, but ${y.values.length} labels. Download it again.`);
  return Array.from(y.values, (digit, index) => ({
    ...{ key: index, label: labelOf(digit, { path, index }) },
    image: () => ({
      pixels: toRows(bytes.subarray(index * imageBytes, (index + 1) * imageBytes)),
      ...{ width: side, height: side, channels: 3 },
    }),
  }));
}

function bytesOf({ dims, values }: MatArray, path: string): Uint8Array {
  const [height, width, channels] = dims;
  if (
    !(values instanceof Uint8Array) ||
    dims.length !== 4 ||
    height !== side ||
    width !== side ||
    channels !== 3
  )
    throw new FileError(
      `${path}: X is ${values.constructor.name} of shape [${dims.join(", ")}]; bytes of shape [32, 32, 3, images] are expected. Download it again.`,
    );
  return values;
}

/** The digit 0 is stored as 10. */
const labelOf = (digit: number, { path, index }: { readonly path: string; readonly index: number }): number =>
  inRange(digit, { where: `${path}: the label of image ${index}`, from: 1, to: 10 }) % 10;

/** Of columns of planes, as MATLAB stores them, rows with the channels last. */
function toRows(columns: Uint8Array): Uint8Array {
  const pixels = new Uint8Array(imageBytes);
  let to = 0;
  for (let row = 0; row < side; row++)
    for (let column = 0; column < side; column++)
      for (let channel = 0; channel < 3; channel++)
        pixels[to++] = columns[channel * plane + column * side + row] as number;
  return pixels;
}
