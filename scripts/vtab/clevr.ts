/** CLEVR as its authors give it: images, and a JSON file for each split that describes their scenes. */

import { join } from "node:path";
import { z } from "zod";
import { FileError } from "../../src/errors.ts";
import { readElements } from "./json-elements.ts";
import { listFiles } from "./list-folder.ts";
import { clevrCount, clevrDistance } from "./scene-labels.ts";
import { type Original, type OriginalFormat, slicesOfTrain, type VtabTask } from "./task.ts";

/** What is needed of a scene. The third of the pixel coordinates is the distance from the camera. */
const sceneFormat = z.object({
  image_filename: z.string(),
  objects: z.array(z.object({ pixel_coords: z.tuple([z.number(), z.number(), z.number()]) })),
});

/** The label of a scene by the distances of its objects. */
type LabelOf = (distances: readonly number[]) => number;

const originals = (labelOf: LabelOf): OriginalFormat => ({
  files:
    "CLEVR_v1.0.zip of https://cs.stanford.edu/people/jcjohns/clevr/, extracted: the folder CLEVR_v1.0 holds images and scenes",
  open: async (folder) => ({
    train: await readSplit(folder, { split: "train", labelOf }),
    validation: await readSplit(folder, { split: "val", labelOf }),
  }),
});

/** The authors' test images have no scenes: VTAB tests on their validation images. */
const common = {
  ...{ tfds: "clevr/3.1.0", folder: "CLEVR_v1.0" },
  counts: { train: 70_000, validation: 15_000 },
  slices: { ...slicesOfTrain(70_000, 90), test: { split: "validation", from: 0 } },
};

export const clevrTasks: readonly VtabTask[] = [
  {
    ...common,
    name: "clevr_count",
    classes: 8,
    originals: originals((distances) => clevrCount(distances.length)),
  },
  { ...common, name: "clevr_dist", classes: 6, originals: originals(clevrDistance) },
];

interface Split {
  /** As the authors call it. */
  readonly split: "train" | "val";
  readonly labelOf: LabelOf;
}

/** TensorFlow Datasets takes scenes for images by their places alone; ours must name the image too. */
async function readSplit(folder: string, { split, labelOf }: Split): Promise<readonly Original[]> {
  const imageFolder = join(folder, "images", split);
  const names = (await listFiles(imageFolder)).filter((name) => name.endsWith(".png"));
  const scenes = join(folder, "scenes", `CLEVR_${split}_scenes.json`);
  const found: Original[] = [];
  for await (const element of readElements(scenes, "scenes")) {
    const at = found.length;
    const scene = sceneFormat.safeParse(element);
    if (!scene.success)
      throw new FileError(
        `${scenes}: scene ${at} has no image_filename, or an object without three pixel_coords. Extract it again.`,
      );
    const key = scene.data.image_filename;
    if (key !== names[at])
      throw new FileError(
        `${scenes}: scene ${at} is that of ${key}, but ${imageFolder} has ${names[at] ?? "nothing"} at its place. Extract both again, whole.`,
      );
    const label = labelOf(scene.data.objects.map(({ pixel_coords }) => pixel_coords[2]));
    found.push({ key, label, image: () => ({ file: join(imageFolder, key) }) });
  }
  if (found.length !== names.length)
    throw new FileError(
      `${scenes} has ${found.length} scenes, and ${imageFolder} has ${names.length} images. Extract both again, whole.`,
    );
  return found;
}
