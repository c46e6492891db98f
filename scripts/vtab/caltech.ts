/** Caltech-101 as its authors give it: a folder of images for each class. */

import { createHash } from "node:crypto";
import { join } from "node:path";
import { FileError } from "../../src/errors.ts";
import { listFiles, listFolders } from "./list-folder.ts";
import { numpyRandom } from "./numpy-random.ts";
import { type Original, type OriginalFormat, slicesOfTrain, type VtabTask } from "./task.ts";

/** 101 objects, and BACKGROUND_Google. */
const classes = 102;
/** Of the sorted names, which are their order in TensorFlow Datasets, a line each. */
const classesSha256 = "e36935dc84d2c65c2e1988d8d077c65557a9a66ef7d7f70c7aab314ed17f9bf7";
const trainingImagesOfClass = 30;
const seed = 1234;

const originals: OriginalFormat = {
  files:
    "caltech-101.zip of https://doi.org/10.22002/D1.20086, extracted, and 101_ObjectCategories.tar.gz in it extracted too: the folder 101_ObjectCategories holds 102 folders of classes. TensorFlow Datasets samples the training images in the order in which the file system lists them; here that is the order of their names, so a copy made elsewhere may train on others",
  open: readClasses,
};

/** The counts are those of VTAB's own test: all 9,144 images, 30 of each class for training. */
export const caltechTasks: readonly VtabTask[] = [
  {
    ...{ name: "caltech101", tfds: "caltech101/3.0.2", folder: "101_ObjectCategories", classes },
    counts: { train: 3_060, test: 6_084 },
    slices: slicesOfTrain(3_060, 90),
    originals,
  },
];

/**
 * TensorFlow Datasets samples the training images as the file system lists classes and files, which may be another
 * order on every machine. Here it is that of the names, as object stores list them; VTAB's counts fit it, as `tmp`
 * is not sampled then. The training images that the authors of VPT list were sampled in another order.
 */
async function readClasses(folder: string): Promise<{ train: Original[]; test: Original[] }> {
  const names = await listFolders(folder);
  if (names.length !== classes)
    throw new FileError(
      `${folder} has ${names.length} folders; Caltech-101 has ${classes}, of which BACKGROUND_Google is one. Extract it again, whole.`,
    );
  const labels = names.map((name) => name.toLowerCase()).sort();
  if (createHash("sha256").update(labels.join("\n")).digest("hex") !== classesSha256)
    throw new FileError(
      `${folder}: its ${classes} folders are not the classes of Caltech-101: one is missing, and one is of another name. Extract it again, whole.`,
    );
  const random = numpyRandom(seed);
  const found: { train: Original[]; test: Original[] } = { train: [], test: [] };
  for (const name of names) {
    // BACKGROUND_Google has a file `tmp`, which is no image but is sampled from too.
    const files = await listFiles(join(folder, name));
    if (files.length < trainingImagesOfClass)
      throw new FileError(
        `${join(folder, name)} has ${files.length} images, and ${trainingImagesOfClass} of each class are for training. Extract it again, whole.`,
      );
    const training = new Set(random.choose(files, trainingImagesOfClass));
    for (const file of files.filter((each) => each.endsWith(".jpg")))
      found[training.has(file) ? "train" : "test"].push({
        ...{ key: `${name}/${file}`, label: labels.indexOf(name.toLowerCase()) },
        image: () => ({ file: join(folder, name, file) }),
      });
  }
  return found;
}
