/** The learning rate of each epoch, or of each step. */

export interface Schedule {
  readonly kind: "cosine" | "linear" | "constant";
  /** The base rate, the cosine's top. */
  readonly learningRate: number;
  readonly epochs: number;
  readonly warmupEpochs: number;
  /** Where warm-up starts. */
  readonly warmupLearningRate: number;
  readonly minLearningRate: number;
}

/**
 * The rate that epoch `epoch` (from 0) trains at. timm steps its schedule after an epoch with that epoch's own number,
 * so epochs 0 and 1 both run at the warm-up start, and warm-up lies inside the cosine: the base rate itself is never
 * quite reached. timm 0.9.8, `CosineLRScheduler` with `warmup_prefix=False`, as called by the official code.
 */
export function learningRateAt(schedule: Schedule, epoch: number): number {
  const { kind, learningRate, epochs, warmupEpochs, warmupLearningRate, minLearningRate } = schedule;
  const t = Math.max(epoch - 1, 0);
  if (t < warmupEpochs) return warmupLearningRate + (t * (learningRate - warmupLearningRate)) / warmupEpochs;
  if (kind === "constant") return learningRate;
  if (t >= epochs) return minLearningRate;
  const left = kind === "cosine" ? 0.5 * (1 + Math.cos((Math.PI * t) / epochs)) : 1 - t / epochs;
  return minLearningRate + left * (learningRate - minLearningRate);
}

/**
 * The rate of step `step` (from 0), moved at every step: up in a line from the warm-up's start over its epochs, then down
 * over all the others. The base rate itself is reached.
 */
export function learningRateAtStep(
  { kind, learningRate, epochs, warmupEpochs, warmupLearningRate, minLearningRate }: Schedule,
  { step, stepsPerEpoch }: { readonly step: number; readonly stepsPerEpoch: number },
): number {
  const warmup = warmupEpochs * stepsPerEpoch;
  if (step < warmup) return warmupLearningRate + ((step + 1) / warmup) * (learningRate - warmupLearningRate);
  if (kind === "constant") return learningRate;
  const done = (step - warmup) / Math.max(1, epochs * stepsPerEpoch - warmup);
  const left = kind === "cosine" ? 0.5 * (1 + Math.cos(Math.PI * done)) : 1 - done;
  return minLearningRate + left * (learningRate - minLearningRate);
}
