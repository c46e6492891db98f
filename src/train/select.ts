/** Which epoch is kept, so far: the best on validation images, or the latest that these cannot tell from the best. */

import type { Scores } from "./fit-events.ts";
import type { Recipe } from "./recipe.ts";

/** The epoch to keep so far, with its scores on validation examples. */
export interface Best {
  /** From 0; -1 is before all epochs: the probe, or what training continues from. */
  readonly epoch: number;
  readonly top1: number;
  readonly loss: number;
  /** The highest accuracy of any epoch so far; the one kept may be lower within its error. */
  readonly highest: number;
  /** The accuracy of the start, which what is kept is never below. */
  readonly floor: number;
}

/** What is to be kept after `epoch`: that epoch, where its number is in the answer. */
export function chooseBest(
  best: Best | undefined,
  { epoch, top1, loss }: Scores & { readonly epoch: number },
  { select, examples }: Pick<Recipe, "select"> & { readonly examples: number },
): Best {
  const highest = Math.max(top1, best?.highest ?? 0);
  const floor = best?.floor ?? (epoch < 0 ? top1 : 0);
  const kept = { epoch, top1, loss, highest, floor };
  if (!best) return kept;
  const isKept =
    select === "latest"
      ? top1 >= floor && top1 >= highest - standardError(highest, examples)
      : top1 > best.top1 || (top1 === best.top1 && loss < best.loss);
  return isKept ? kept : { ...best, highest };
}

/** Of an accuracy in percent, measured on so many examples: one standard deviation of a binomial share. */
export const standardError = (top1: number, examples: number): number =>
  Math.sqrt((top1 * (100 - top1)) / examples);
