/** Splits the images of KITTI by their videos, as TensorFlow Datasets does. */

import { join } from "node:path";
import { FileError } from "../../src/errors.ts";
import { showValue } from "../../src/files/show-value.ts";
import { numpyRandom } from "./numpy-random.ts";
import { readLines } from "./read-original.ts";

/** The numbers of the images. */
export interface KittiSplits {
  readonly train: readonly number[];
  readonly validation: readonly number[];
  readonly test: readonly number[];
}

const seed = 123;

/** Validation and test get a tenth of the videos each, at least one. `folder` is the development kit's `mapping`. */
export async function splitByVideo(folder: string): Promise<KittiSplits> {
  const videos = await readVideos(folder);
  const names = [...new Set(videos)].sort();
  const tenth = Math.max(1, Math.floor(names.length / 10));
  const random = numpyRandom(seed);
  const test = new Set(random.choose(names, tenth));
  const rest = names.filter((name) => !test.has(name));
  const validation = new Set(random.choose(rest, tenth));
  const splits = { train: [] as number[], validation: [] as number[], test: [] as number[] };
  for (const [image, video] of videos.entries())
    splits[test.has(video) ? "test" : validation.has(video) ? "validation" : "train"].push(image);
  return splits;
}

/** The video of each image, by the number of the image. */
async function readVideos(folder: string): Promise<readonly string[]> {
  const mapping = join(folder, "train_mapping.txt");
  const lines = await readLines(mapping);
  const order = join(folder, "train_rand.txt");
  return (await readLines(order))
    .join()
    .split(",")
    .map((text, image) => {
      // Lines are counted from 1.
      const line = /^\s*[1-9]\d*\s*$/.test(text) ? lines[Number(text) - 1] : undefined;
      if (!line)
        throw new FileError(
          `${order}: for image ${image} it has ${showValue(text)}, which is the number of no line of ${mapping}. Extract devkit_object.zip again.`,
        );
      const video = line.split(" ")[1];
      if (!video)
        throw new FileError(
          `${mapping}: ${showValue(line)} names no video; a date, a video and a frame are expected. Extract devkit_object.zip again.`,
        );
      return video;
    });
}
