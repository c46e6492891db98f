/** Small NORB: stereo pairs of toys in binary matrices, of which the left image is classified. */

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { FileError, InputError } from "../../src/errors.ts";
import { withFile } from "../../src/files/read-file.ts";
import { type ByteStream, withBytes } from "./byte-stream.ts";
import type { Original, OriginalFormat, VtabTask } from "./task.ts";

const side = 96;
const imageBytes = side * side;
/** Images of each of the two splits. */
const count = 24_300;

const names = {
  train: "smallnorb-5x46789x9x18x6x2x96x96-training",
  test: "smallnorb-5x01235x9x18x6x2x96x96-testing",
};

/** A label is one of the four numbers of an image: instance, elevation, azimuth, lighting. */
interface Attribute {
  readonly name: string;
  readonly column: number;
  /** Azimuths are 0, 2, 4 … 34, for 20 degrees each. */
  readonly step: number;
  readonly classes: number;
}

const elevation: Attribute = { name: "elevation", column: 1, step: 1, classes: 9 };
const azimuth: Attribute = { name: "azimuth", column: 2, step: 2, classes: 18 };

export const smallNorbTasks: readonly VtabTask[] = [
  taskOf("smallnorb_azi", azimuth),
  taskOf("smallnorb_ele", elevation),
];

function taskOf(name: string, attribute: Attribute): VtabTask {
  return {
    ...{ name, tfds: "smallnorb/2.0.0", folder: "smallnorb", classes: attribute.classes },
    counts: { train: count, test: count },
    // The first half of the test split validates.
    slices: {
      train800: { split: "train", from: 0, to: 800 },
      val200: { split: "test", from: 0, to: 200 },
      test: { split: "test", from: count / 2 },
    },
    originals: originalsOf(attribute),
  };
}

function originalsOf(attribute: Attribute): OriginalFormat {
  return {
    files: `${names.train}-dat.mat, ${names.train}-info.mat, ${names.test}-dat.mat and ${names.test}-info.mat of https://cs.nyu.edu/~ylclab/data/norb-v1.0-small/, as they are (.mat.gz) or unpacked`,
    open: async (folder) => ({
      train: await readSplit(join(folder, names.train), attribute),
      test: await readSplit(join(folder, names.test), attribute),
    }),
  };
}

async function readSplit(start: string, attribute: Attribute): Promise<readonly Original[]> {
  const labels = await readLabels(await locate(`${start}-info.mat`), attribute);
  const dat = await locate(`${start}-dat.mat`);
  const images = await readLeftImages(dat);
  if (images.length !== labels.length)
    throw new FileError(
      `${dat} has ${images.length} pairs of images, but there are labels of ${labels.length}. Download both again.`,
    );
  return images.map((pixels, key) => ({
    // There are as many.
    ...{ key, label: labels[key] as number },
    image: () => ({ pixels, width: side, height: side, channels: 1 }),
  }));
}

async function locate(path: string): Promise<string> {
  for (const either of [path, `${path}.gz`]) if (await isFile(either)) return either;
  throw new InputError(`${path}: there is no such file, nor ${path}.gz.`);
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (found) => found.isFile(),
    () => false,
  );

const readLabels = (path: string, { name, column, step, classes }: Attribute): Promise<readonly number[]> =>
  withMatrix(path, async (bytes) => {
    const [images] = await takeHeader(bytes, { path, type: "int32", shape: ["images", 4] });
    const values = new Int32Array((await bytes.take(16 * images)).buffer);
    return Array.from({ length: images }, (_, index) => {
      const value = values[4 * index + column] as number;
      const label = value / step;
      if (!Number.isInteger(label) || label < 0 || label >= classes)
        throw new FileError(
          `${path}: the ${name} of image ${index} is ${value}; ${step === 1 ? "0" : "even numbers from 0"} to ${(classes - 1) * step} are expected.`,
        );
      return label;
    });
  });

/** In one pass, because what is compressed cannot be read at a place; the right images are dropped. */
const readLeftImages = (path: string): Promise<readonly Uint8Array[]> =>
  withMatrix(path, async (bytes) => {
    const [pairs] = await takeHeader(bytes, { path, type: "bytes", shape: ["images", 2, side, side] });
    const images: Uint8Array[] = [];
    while (images.length < pairs) {
      images.push(await bytes.take(imageBytes));
      await bytes.skip(imageBytes);
    }
    return images;
  });

const withMatrix = <T>(path: string, use: (bytes: ByteStream) => Promise<T>): Promise<T> =>
  withFile(path, async (handle) => {
    const { size: to } = await handle.stat();
    const compression = path.endsWith(".gz") ? { compression: "gzip" as const } : {};
    return withBytes(handle, { path, from: 0, to, ...compression }, async (bytes) => {
      const result = await use(bytes);
      await bytes.end();
      return result;
    });
  });

const magics = { bytes: 0x1e3d4c55, int32: 0x1e3d4c54 };

interface Matrix {
  readonly path: string;
  readonly type: keyof typeof magics;
  readonly shape: readonly ["images", ...number[]];
}

/** The type, the number of dimensions, the dimensions: at least three are stored. Returns that of images. */
async function takeHeader(bytes: ByteStream, { path, type, shape }: Matrix): Promise<readonly [number]> {
  const [magic, rank] = await takeWords(bytes, 2);
  if (magic !== magics[type] || rank !== shape.length)
    throw new FileError(
      `${path} is no matrix of ${type} with ${shape.length} dimensions. Download it again.`,
    );
  const dims = (await takeWords(bytes, Math.max(3, rank))).slice(0, rank);
  const [images = -1, ...others] = dims;
  if (images < 0 || others.some((dim, index) => dim !== shape[index + 1]))
    throw new FileError(
      `${path} has the shape [${dims.join(", ")}]; [${shape.join(", ")}] is expected. Download it again.`,
    );
  return [images];
}

const takeWords = async (bytes: ByteStream, words: number): Promise<readonly number[]> =>
  Array.from(new Int32Array((await bytes.take(4 * words)).buffer));
