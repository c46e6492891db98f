/** The Describable Textures Dataset as its authors give it: folders of textures, and the lists of ten partitions. */

import { join } from "node:path";
import { FileError } from "../../src/errors.ts";
import { showValue } from "../../src/files/show-value.ts";
import { readOriginal } from "./read-original.ts";
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
    const labels = labelsOf([...train, ...validation, ...test], join(folder, "labels"));
    const take = (names: readonly string[]) => names.map((name) => originalOf(folder, name, labels));
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
  const lines = new TextDecoder()
    .decode(await readOriginal(path))
    .trim()
    .split("\n");
  return lines.map((line, index) => {
    const name = line.trim();
    if (!/^[\w-]+\/[\w-]+\.jpg$/.test(name))
      throw new FileError(
        `${path}, line ${index + 1}: ${showValue(name)} is no image as "banded/banded_0002.jpg". Extract it again.`,
      );
    return name;
  });
}

const classOf = (name: string): string => name.slice(0, name.indexOf("/"));

/** Classes are numbered in the order of their names. One more or less would number others anew. */
function labelsOf(names: readonly string[], where: string): ReadonlyMap<string, number> {
  const found = [...new Set(names.map(classOf))].sort();
  if (found.length !== classes)
    throw new FileError(
      `${where}: ${Object.values(lists).join(", ")} name ${found.length} classes; ${classes} are expected. Extract it again.`,
    );
  return new Map(found.map((name, label) => [name, label]));
}

const originalOf = (folder: string, name: string, labels: ReadonlyMap<string, number>): Original => ({
  key: name,
  label: labels.get(classOf(name)) as number,
  image: () => ({ file: join(folder, "images", name) }),
});
