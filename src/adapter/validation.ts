/** How well an adapter did when it was trained: on which images, on how many, and how sure that is. */

import { intervalOf } from "../predict/wilson.ts";
import { formatAccuracy } from "../reports/format-accuracy.ts";
import type { TrainingRecord } from "./adapter.ts";

/** The accuracy that training measured, or that it measured none. */
export type ValidationRecord =
  | { readonly kind: "none" }
  | {
      readonly kind: "held-out" | "cross-validation";
      /** Percent of the images. */
      readonly top1: number;
      readonly images: number;
      /** 95 % confidence interval, in percent. */
      readonly interval: readonly [low: number, high: number] | undefined;
    };

/** `top-1 95.0 % on 20 validation images, 95 % interval 76.4 to 99.1 %; …`, or why there is none. */
export function describeValidation(record: ValidationRecord): string {
  if (record.kind === "none") return "nothing was validated, so no accuracy is known";
  const { kind, top1, images } = record;
  const correct = Math.round((top1 * images) / 100);
  const [split, how] =
    kind === "held-out"
      ? ["validation", "they chose the epoch, so it is somewhat too high"]
      : ["training", "cross-validated, which chose the epoch too, so it is somewhat too high"];
  return `top-1 ${top1.toFixed(1)} % on ${formatAccuracy({ correct, images, split })}; ${how}`;
}

/** Older adapters do not say what they were validated on, but always how many images; nothing where they lack that too. */
export function validationOf(training: TrainingRecord): ValidationRecord | undefined {
  const { validation, validationTop1: top1, validationImages: images } = training;
  const kind = validation ?? (images === undefined ? undefined : images > 0 ? "held-out" : "none");
  if (kind === undefined || kind === "none") return kind && { kind };
  return top1 === undefined || images === undefined
    ? undefined
    : { kind, top1, images, interval: intervalOf(top1, images) };
}
