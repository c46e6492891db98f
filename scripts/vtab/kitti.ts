/** KITTI's object detection as its authors give it: images from a car, and a text file of objects for each. */

import { join } from "node:path";
import { FileError } from "../../src/errors.ts";
import { splitByVideo } from "./kitti-videos.ts";
import { listFiles } from "./list-names.ts";
import { readOriginal } from "./read-original.ts";
import { kittiDistance } from "./scene-labels.ts";
import { type Original, type OriginalFormat, slicesOfSplits, type VtabTask } from "./task.ts";

const originals: OriginalFormat = {
  files:
    "data_object_image_2.zip, data_object_label_2.zip and devkit_object.zip of https://www.cvlibs.net/datasets/kitti/eval_object.php, all extracted in a folder kitti, which then holds training/image_2, training/label_2 and mapping",
  open: async (folder) => {
    const splits = await splitByVideo(join(folder, "mapping"));
    const images = new Set(await listFiles(join(folder, "training", "image_2")));
    const read = (numbers: readonly number[]) => readSplit(folder, { numbers, images });
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

interface Split {
  readonly numbers: readonly number[];
  /** The names of all that there are. */
  readonly images: ReadonlySet<string>;
}

async function readSplit(folder: string, { numbers, images }: Split): Promise<readonly Original[]> {
  const found: Original[] = [];
  for (const number of numbers) {
    const name = String(number).padStart(6, "0");
    const key = `${name}.png`;
    const file = join(folder, "training", "image_2", key);
    if (!images.has(key))
      throw new FileError(
        `${file} is missing, but mapping/train_rand.txt counts it. Extract data_object_image_2.zip again.`,
      );
    const label = await readDistanceClass(join(folder, "training", "label_2", `${name}.txt`));
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
  const lines = new TextDecoder().decode(await readOriginal(path)).split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  const objects = lines.map((line) => {
    const fields = line.split(" ");
    const name = fields[0] as string;
    const type = types.indexOf(name);
    const distance = Number(fields[zField] || Number.NaN);
    if (fields.length !== fieldCount || !(type >= 0 || name === unannotated) || !Number.isFinite(distance))
      throw new FileError(
        `${path}: ${JSON.stringify(line.slice(0, 120))} is no object; one of ${types.join(", ")} or ${unannotated}, then 14 numbers, are expected. Extract data_object_label_2.zip again.`,
      );
    return { type, distance };
  });
  return kittiDistance(objects.filter(({ type }) => type >= 0));
}
