/** Diabetic Retinopathy. */

import { slicesOfSplits, type VtabTask } from "./task.ts";

/**
 * The task is made of pictures that TensorFlow Datasets has scaled to one radius, evened out by OpenCV and saved as JPEG
 * (configuration btgraham-300): what it has prepared is the original here.
 */
export const retinopathyTasks: readonly VtabTask[] = [
  {
    ...{ name: "diabetic_retinopathy", tfds: "diabetic_retinopathy_detection/btgraham-300/3.0.0" },
    ...{ folder: "diabetic_retinopathy_detection", classes: 5 },
    counts: { train: 35_126, validation: 10_906, test: 42_670 },
    slices: slicesOfSplits,
  },
];
