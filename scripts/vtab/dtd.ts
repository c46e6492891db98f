/** The Describable Textures Dataset as its authors give it: folders of textures, and the lists of ten partitions. */

import { dirname, join } from "node:path";
import { FileError } from "../../src/errors.ts";
import { showValue } from "../../src/files/show-value.ts";
import { needed } from "../../src/needed.ts";
import { checkListed, labelsOf } from "./listed-images.ts";
import { readLines } from "./read-original.ts";
import { type Original, type OriginalFormat, slicesOfSplits, type VtabTask } from "./task.ts";

const classes = 47;
/** Of the first partition, by the names of TensorFlow Datasets. */
const lists = { train: "train1.txt", validation: "val1.txt", test: "test1.txt" } as const;

const originals: OriginalFormat = {
  files:
    "dtd-r1.0.1.tar.gz of https://www.robots.ox.ac.uk/~vgg/data/dtd, extracted: the folders images and labels lie in the folder dtd",
  open: async (folder) => {
    const train = await readList(folder, lists.train);
    const validation = await readList(folder, lists.validation);
    const test = await readList(folder, lists.test);
    const names = [...train, ...validation, ...test];
    const labels = labelsOf(names);
    // One more or less would number others anew.
    if (labels.size !== classes)
      throw new FileError(
        `${join(folder, "labels")}: ${Object.values(lists).join(", ")} name ${labels.size} classes; ${classes} are expected. Extract it again.`,
      );
    const images = join(folder, "images");
    await checkListed(images, { names, list: "a list of labels", archive: "dtd-r1.0.1.tar.gz" });
    const take = (listed: readonly string[]): readonly Original[] =>
      listed.map((name) => ({
        ...{ key: name, label: needed(labels.get(dirname(name)), `label of ${name}`) },
        image: () => ({ file: join(images, name) }),
      }));
    return { train: take(train), validation: take(validation), test: take(test) };
  },
};

export const dtdTasks: readonly VtabTask[] = [
  {
    ...{ name: "dtd", tfds: "dtd/3.0.1", folder: "dtd", classes },
    counts: { train: 1_880, validation: 1_880, test: 1_880 },
    slices: slicesOfSplits,
    originals,
  },
];

/** Lines as `banded/banded_0002.jpg`, below the folder of the images. */
async function readList(folder: string, list: string): Promise<readonly string[]> {
  const path = join(folder, "labels", list);
  const names = await readLines(path);
  const odd = names.findIndex((name) => !/^[\w-]+\/[\w-]+\.jpg$/.test(name));
  if (odd >= 0)
    throw new FileError(
      `${path}, line ${odd + 1}: ${showValue(names[odd])} is no image as "banded/banded_0002.jpg". Extract it again.`,
    );
  return names;
}
