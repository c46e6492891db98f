/** A model at the image size that is asked for, or that its own project would run it at. */

import { readWeight } from "../formats/weight-bytes.ts";
import { fixedSize } from "../preprocessing/step-list.ts";
import type { Size, Step } from "../preprocessing/steps.ts";
import type { CommonHints, Family, Resized, ResizeOptions } from "./family.ts";
import type { Model } from "./model.ts";

interface SizeOptions {
  readonly family: Family;
  readonly hints: CommonHints;
  /** Of its preprocessing file. */
  readonly steps: readonly Step[] | undefined;
  readonly imageSize: ResizeOptions["imageSize"] | undefined;
  readonly method: ResizeOptions["method"];
}

export async function atImageSize(
  stored: Pick<Model, "config" | "weights">,
  { family, imageSize, method, ...options }: SizeOptions,
): Promise<Resized> {
  const size = imageSize ?? sizeBySteps(stored, options);
  return size === undefined
    ? { ...stored, notes: [] }
    : family.resize(stored, { imageSize: size, method, read: readWeight });
}

/** What the preprocessing makes, where the model's own project follows it and whole patches fit. */
function sizeBySteps(
  { config }: Pick<Model, "config">,
  { hints, steps }: Pick<SizeOptions, "hints" | "steps">,
): Size | undefined {
  const size = hints.sizedBySteps && steps && fixedSize(steps);
  if (size === undefined || !("patchSize" in config)) return undefined;
  return size.every((side) => side % config.patchSize === 0) ? size : undefined;
}
