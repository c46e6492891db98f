/** KITTI's object detection as its authors give it: images from a car, and a text file of objects for each. */

import { join } from "node:path";
import { FileError } from "../../src/errors.ts";
import { showValue } from "../../src/files/show-value.ts";
import { splitByVideo } from "./kitti-videos.ts";
import { checkListed } from "./listed-images.ts";
import { readLines } from "./read-original.ts";
import { kittiDistance } from "./scene-labels.ts";
import { type Original, type OriginalFormat, slicesOfSplits, type VtabTask } from "./task.ts";

const originals: OriginalFormat = {
  files:
    "data_object_image_2.zip, data_object_label_2.zip and devkit_object.zip of https://www.cvlibs.net/datasets/kitti/eval_object.php, all extracted in a folder kitti, which then holds training/image_2, training/label_2 and mapping",
  open: async (folder) => {
    const splits = await splitByVideo(join(folder, "mapping"));
    const names = Object.values(splits)
      .flat()
      .map((number) => nameOf(number));
    await checkListed(join(folder, "training", "image_2"), {
      ...{ names, list: "mapping/train_rand.txt", archive: "data_object_image_2.zip" },
    });
    const read = (numbers: readonly number[]) => readSplit(folder, numbers);
    return {
      train: await read(splits.train),
      validation: await read(splits.validation),
      test: await read(splits.test),
    };
  },
};

/** Versions 3.1.0 to 3.3.0 of TensorFlow Datasets have the same images, splits and distances. */
export const kittiTasks: readonly VtabTask[] = [
  {
    ...{ name: "kitti", tfds: "kitti/3.2.0", folder: "kitti", classes: 4 },
    counts: { train: 6_347, validation: 423, test: 711 },
    slices: slicesOfSplits,
    originals,
  },
];

const nameOf = (number: number, extension = "png"): string =>
  `${String(number).padStart(6, "0")}.${extension}`;

async function readSplit(folder: string, numbers: readonly number[]): Promise<readonly Original[]> {
  const found: Original[] = [];
  for (const number of numbers) {
    const key = nameOf(number);
    const label = await readDistanceClass(join(folder, "training", "label_2", nameOf(number, "txt")));
    const file = join(folder, "training", "image_2", key);
    found.push({ key, label, image: () => ({ file }) });
  }
  return found;
}

/** In the order of TensorFlow Datasets. */
const types = ["Car", "Van", "Truck", "Pedestrian", "Person_sitting", "Cyclist", "Tram", "Misc"];
/** Regions without annotations, which TensorFlow Datasets leaves out. */
const unannotated = "DontCare";
/** Type, truncated, occluded, angle, 4 of the box, 3 of the size, x, y, z, and rotation. */
const fieldCount = 15;
const zField = 13;

async function readDistanceClass(path: string): Promise<number> {
  const lines = await readLines(path);
  const objects = lines.map((line) => {
    const fields = line.split(" ");
    const name = fields[0] as string;
    const type = types.indexOf(name);
    const distance = Number(fields[zField] || Number.NaN);
    if (fields.length !== fieldCount || !(type >= 0 || name === unannotated) || !Number.isFinite(distance))
      throw new FileError(
        `${path}: ${showValue(line)} is no object; one of ${types.join(", ")} or ${unannotated}, then 14 numbers, are expected. Extract data_object_label_2.zip again.`,
      );
    return { type, distance };
  });
  return kittiDistance(objects.filter(({ type }) => type >= 0));
}
