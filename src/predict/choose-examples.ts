/** Chooses the images to evaluate: a split of the data, or what of a plain folder the adapter was not trained on. */

import type { TrainingRecord } from "../adapter/adapter.ts";
import { describeValidation, validationOf } from "../adapter/validation.ts";
import type { Example, Split } from "../datasets/dataset.ts";
import { splitNames } from "../datasets/dataset.ts";
import { InputError } from "../errors.ts";
import type { EvaluatedSplit } from "../reports/evaluation.ts";
import { type FindUsesOptions, findUses, type Uses } from "./find-uses.ts";

export interface ChosenExamples {
  readonly split: EvaluatedSplit;
  readonly examples: readonly Example[];
  /** What the adapter did with them; absent where that is not known. */
  readonly uses: Uses | undefined;
  /** What was decided that nobody asked for. */
  readonly notes: readonly string[];
}

/** Where no split is asked for: test, else val, else what of all images was held out. */
export async function chooseExamples(
  asked: Split | undefined,
  options: FindUsesOptions,
): Promise<ChosenExamples> {
  const { splits, root } = options.dataset;
  const split = asked ?? (["test", "val"] as const).find((name) => splits[name].length > 0) ?? "train";
  const examples = splitNames.includes(split) ? splits[split] : [];
  if (examples.length === 0) {
    const has = splitNames.filter((name) => splits[name].length > 0).join(", ") || "no images";
    throw new InputError(
      (show) => `${root} has no ${split} split; it has ${has}. Choose one with ${show("split")}.`,
    );
  }
  const uses = await findUses(examples, options);
  if (asked === undefined && split === "train" && uses)
    return chooseHeldOut(examples, { uses, root, training: options.adapter?.training ?? {} });
  const notes =
    asked === undefined && split !== "test"
      ? [`${root} has no test split; its ${split} images are taken.`]
      : [];
  return { split, examples, uses, notes };
}

function chooseHeldOut(
  all: readonly Example[],
  { uses, root, training }: { readonly uses: Uses; readonly root: string; readonly training: TrainingRecord },
): ChosenExamples {
  const heldOut = all.filter(({ path }) => uses.of(path) !== "trained");
  const [whole, part] = [all.length.toLocaleString("en"), heldOut.length.toLocaleString("en")];
  const none = `${root} has no test split`;
  if (heldOut.length === 0)
    return {
      ...{ split: "train", examples: all, uses },
      notes: [
        `${none}, and the adapter was trained on all of its ${whole} images, which are taken.`,
        ...crossValidated(training),
      ],
    };
  const note =
    heldOut.length === all.length
      ? `${none}; all of its ${whole} images are taken, as the adapter was trained on none of them.`
      : `${none}; of its ${whole} images, the ${part} that the adapter was not trained on are taken.`;
  return { split: "held-out", examples: heldOut, uses, notes: [note] };
}

/** What is known of images that were not trained on, where each was by turns held out. */
function crossValidated(training: TrainingRecord): readonly string[] {
  const record = validationOf(training);
  return record?.kind === "cross-validation" ? [`Measured in training: ${describeValidation(record)}.`] : [];
}
