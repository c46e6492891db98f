/** CIFAR-100 as its authors give it: records of two labels and the planes of a picture. */

import { join } from "node:path";
import { readOriginal, wrongSize } from "./read-original.ts";
import { type Original, type OriginalFormat, slicesOfTrain, type VtabTask } from "./task.ts";

const side = 32;
const plane = side * side;
/** The coarse label, the fine label, then red, green and blue. */
const record = 2 + 3 * plane;

const originals: OriginalFormat = {
  files:
    "cifar-100-binary.tar.gz of https://www.cs.toronto.edu/~kriz/cifar.html, extracted: train.bin and test.bin lie in the folder cifar-100-binary",
  open: async (folder) => ({
    train: await readRecords(join(folder, "train.bin")),
    test: await readRecords(join(folder, "test.bin")),
  }),
};

export const cifarTasks: readonly VtabTask[] = [
  {
    ...{ name: "cifar", tfds: "cifar100/3.0.2", folder: "cifar-100-binary", classes: 100 },
    counts: { train: 50_000, test: 10_000 },
    slices: slicesOfTrain(50_000, 90),
    originals,
  },
];

async function readRecords(path: string): Promise<readonly Original[]> {
  const bytes = await readOriginal(path);
  if (bytes.length % record !== 0) throw wrongSize(path, { bytes: bytes.length, record });
  return Array.from({ length: bytes.length / record }, (_, index) => ({
    // The fine label is the second.
    ...{ key: index, label: bytes[index * record + 1] as number },
    image: () => ({
      pixels: interleave(bytes.subarray(index * record + 2, (index + 1) * record)),
      ...{ width: side, height: side, channels: 3 },
    }),
  }));
}

function interleave(planes: Uint8Array): Uint8Array {
  const pixels = new Uint8Array(planes.length);
  for (let at = 0; at < plane; at++)
    for (let channel = 0; channel < 3; channel++)
      pixels[3 * at + channel] = planes[channel * plane + at] as number;
  return pixels;
}
