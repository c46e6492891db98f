/** PatchCamelyon as its authors give it: for each split an HDF5 file of patches, and one of labels. */

import { join } from "node:path";
import { FileError } from "../../src/errors.ts";
import { openHdfRows } from "./hdf5-rows.ts";
import { inRange } from "./in-range.ts";
import { type Original, type OriginalFormat, slicesOfSplits, type VtabTask } from "./task.ts";

const side = 96;
const channels = 3;

const originals: OriginalFormat = {
  files:
    "camelyonpatch_level_2_split_{train,valid,test}_{x,y}.h5.gz of https://zenodo.org/records/2546921, unpacked by gunzip: six files whose names end in .h5",
  open: async (folder) => ({
    train: await readSplit(folder, "train"),
    validation: await readSplit(folder, "valid"),
    test: await readSplit(folder, "test"),
  }),
};

export const patchCamelyonTasks: readonly VtabTask[] = [
  {
    ...{ name: "patch_camelyon", tfds: "patch_camelyon/2.0.0", folder: "patch_camelyon", classes: 2 },
    counts: { train: 262_144, validation: 32_768, test: 32_768 },
    slices: slicesOfSplits,
    originals,
  },
];

async function readSplit(folder: string, split: string): Promise<readonly Original[]> {
  const fileOf = (part: string) => join(folder, `camelyonpatch_level_2_split_${split}_${part}.h5`);
  const patches = await openHdfRows(fileOf("x"), { name: "x", values: "bytes", row: [side, side, channels] });
  const labels = await openHdfRows(fileOf("y"), { name: "y", values: "integers", row: [1, 1, 1] });
  if (patches.count !== labels.count)
    throw new FileError(
      `${fileOf("x")} has ${patches.count} patches, and ${fileOf("y")} ${labels.count} labels; as many are expected. Download both again.`,
    );
  return labels.integers(0, labels.count).map((value, index) => {
    const label = inRange(value, { where: `${fileOf("y")}: the label in row ${index}`, from: 0, to: 1 });
    const image = () => {
      const pixels = patches.bytes(index, index + 1);
      return { pixels, width: side, height: side, channels } as const;
    };
    return { key: `${split}_${index}`, label, image };
  });
}
