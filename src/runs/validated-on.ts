/** On what a run measures its accuracy: images held out, each training image once, or nothing. */

import type { ValidationKind } from "../adapter/adapter.ts";
import type { OpenedRun } from "./open-run.ts";

export interface Validated {
  readonly kind: ValidationKind;
  readonly images: number;
}

/** Folds hold out the training images themselves. */
export function validatedOn(
  { recipe: { folds } }: Pick<OpenedRun, "recipe">,
  { train, val }: { readonly train: readonly unknown[]; readonly val: readonly unknown[] },
): Validated {
  if (folds > 0) return { kind: "cross-validation", images: train.length };
  return val.length > 0 ? { kind: "held-out", images: val.length } : { kind: "none", images: 0 };
}
