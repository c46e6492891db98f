/** Says what an evaluation's images were in training, wherever its numbers stand. */

import { wilsonInterval } from "../predict/wilson.ts";
import type { Evaluation } from "./evaluation.ts";

export interface Notice {
  /** Whether the numbers would mislead without it. */
  readonly warning: boolean;
  readonly text: string;
}

const littleWorth = "accuracy on images that were trained on says little of others.";
const tooHigh = "accuracy on them is somewhat too high.";

/** A sentence or two each; none where there is nothing to say. */
export function describeUses({ split, metrics, uses, reliability }: Evaluation): readonly Notice[] {
  if (!uses) {
    if (split === "train")
      return [warning(`Which of these images the model was trained on is not known; ${littleWorth}`)];
    return split === "val" ? [note(`Where the epoch to keep was chosen on them, ${tooHigh}`)] : [];
  }
  const { examples } = metrics;
  const { trainedOn, validated, knownBy } = uses;
  const known = [];
  if (trainedOn === examples) known.push(warning(`Trained on all of these images; ${littleWorth}`));
  else if (trainedOn > 0)
    known.push(
      warning(`${of(trainedOn, examples)} were trained on; ${littleWorth}`),
      warning(`Top-1 on the other ${heldOutAccuracy(uses, examples)}.`),
    );
  else known.push(note("None of them was trained on."));
  if (validated > 0) known.push(note(`${of(validated, examples)} chose the epoch to keep, so ${tooHigh}`));
  // The temperature was fitted to them too.
  if (validated > 0 && reliability?.temperature !== undefined)
    known.push(note("They set the temperature too, so the calibration error on them is somewhat too low."));
  if (knownBy === "seed")
    known.push(note("Told by the seed of the validation split, as this adapter does not record its images."));
  return known;
}

const warning = (text: string): Notice => ({ warning: true, text });
const note = (text: string): Notice => ({ warning: false, text });

const count = (images: number): string => images.toLocaleString("en");
const of = (part: number, whole: number): string =>
  part === whole ? "All of them" : `${count(part)} of these ${count(whole)} images`;

function heldOutAccuracy(
  { trainedOn, heldOutCorrect }: NonNullable<Evaluation["uses"]>,
  examples: number,
): string {
  const images = examples - trainedOn;
  const interval = wilsonInterval(heldOutCorrect, images)
    ?.map((end) => end.toFixed(2))
    .join(" to ");
  return `${count(images)}: ${((100 * heldOutCorrect) / images).toFixed(2)} % (95 % interval ${interval} %)`;
}
