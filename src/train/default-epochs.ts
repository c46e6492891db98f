/** How many epochs the default recipe trains: six, and more where these would show too little. */

const [fewestEpochs, mostEpochs] = [6, 20];
/** How many images, in all and on average of a class, all epochs together should show (docs/recipe.md). */
const [leastImages, leastOfClass] = [600, 200];

export interface EpochsByData {
  readonly epochs: number;
  /** Why as many, as the end of a sentence. */
  readonly reason: string;
}

/** Why steps are small, which they are whoever chose the epochs. */
export const stepsReason = "the fewer the images, the smaller the steps.";
/** By what has few images. */
const reasons = {
  set: "the fewer the images, the more epochs and the smaller the steps.",
  class: "the fewer the images of a class, the more epochs, and the fewer in all, the smaller the steps.",
  none: stepsReason,
} as const;
const longer = ` Where there is time, ${mostEpochs} epochs mostly learn more.`;

/** Where folds are trained too, which takes five times as long, images of a class do not count. */
export function epochsFor({
  images,
  classes,
  trainsFolds,
}: {
  readonly images: number;
  readonly classes: number;
  readonly trainsFolds: boolean;
}): EpochsByData {
  // Before the data is read there is no class either.
  const bySet = Math.ceil(leastImages / images);
  const byClass = trainsFolds || classes === 0 ? 0 : Math.ceil((leastOfClass * classes) / images);
  const epochs = Math.min(mostEpochs, Math.max(fewestEpochs, bySet, byClass));
  const few = epochs === fewestEpochs ? "none" : byClass > bySet ? "class" : "set";
  return { epochs, reason: `${reasons[few]}${epochs < mostEpochs ? longer : ""}` };
}
