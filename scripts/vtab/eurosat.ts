/** EuroSAT's pictures in red, green and blue: JPEG files in a folder for each class. */

import { readClassFolders } from "./class-folders.ts";
import { type OriginalFormat, slicesOfOne, type VtabTask } from "./task.ts";

/** In the order of TensorFlow Datasets. */
const classes =
  "AnnualCrop Forest HerbaceousVegetation Highway Industrial Pasture PermanentCrop Residential River SeaLake".split(
    " ",
  );

const originals: OriginalFormat = {
  files:
    "that of EuroSAT.zip, extracted: AnnualCrop/AnnualCrop_1.jpg and so on (http://madm.dfki.de/files/sentinel/EuroSAT.zip, or the same file, of MD5 c8fa014336c82ac7804f0398fcb19387, at https://huggingface.co/datasets/torchgeo/eurosat)",
  open: async (folder) => ({ train: await readClassFolders(folder, classes) }),
};

export const eurosatTasks: readonly VtabTask[] = [
  {
    ...{ name: "eurosat", tfds: "eurosat/rgb/2.0.0", folder: "2750", classes: classes.length },
    counts: { train: 27_000 },
    slices: slicesOfOne(27_000, { train: 60, val: 20 }),
    originals,
  },
];
