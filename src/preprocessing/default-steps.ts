/** What is done to images where neither the model nor the user says otherwise. */

import type { Step } from "./steps.ts";

/** Squash to the model's size with bicubic, then [0, 255] to [-1, 1]: what the authors' code does on VTAB-1k. */
export const defaultSteps = (size: readonly [height: number, width: number]): readonly Step[] => [
  ["resize", { size, filter: "bicubic" }],
  ["normalize", { mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] }],
];
