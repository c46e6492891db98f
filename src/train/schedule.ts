/** The learning rate of each epoch, or of each step. */

export interface Schedule {
  readonly kind: "cosine" | "linear" | "constant" | "cosine-restarts";
  /** The base rate, the cosine's top. */
  readonly learningRate: number;
  readonly epochs: number;
  readonly warmupEpochs: number;
  /** Where warm-up starts. */
  readonly warmupLearningRate: number;
  readonly minLearningRate: number;
  /** Of `cosine-restarts`: epochs of its first cycle, and how many times longer each is than the one before it. */
  readonly restartEpochs?: number | undefined;
  readonly restartFactor?: number | undefined;
}

/**
 * The rate that epoch `epoch` (from 0) trains at. timm steps its schedule after an epoch with that epoch's own number,
 * so epochs 0 and 1 both run at the warm-up start, and warm-up lies inside the cosine: the base rate itself is never
 * quite reached. timm 0.9.8, `CosineLRScheduler` with `warmup_prefix=False`, as called by the official code.
 */
export function learningRateAt(schedule: Schedule, epoch: number): number {
  const { learningRate, epochs, warmupEpochs, warmupLearningRate } = schedule;
  const t = Math.max(epoch - 1, 0);
  if (t < warmupEpochs) return warmupLearningRate + (t * (learningRate - warmupLearningRate)) / warmupEpochs;
  return rateWith(schedule, { at: Math.min(t, epochs), of: epochs, epochs: t - warmupEpochs });
}

/**
 * The rate of step `step` (from 0), moved at every step: up in a line from the warm-up's start over its epochs, then down
 * over all the others. The base rate itself is reached.
 */
export function learningRateAtStep(
  schedule: Schedule,
  { step, stepsPerEpoch }: { readonly step: number; readonly stepsPerEpoch: number },
): number {
  const { learningRate, epochs, warmupEpochs, warmupLearningRate } = schedule;
  const warmup = warmupEpochs * stepsPerEpoch;
  if (step < warmup) return warmupLearningRate + ((step + 1) / warmup) * (learningRate - warmupLearningRate);
  const done = (step - warmup) / Math.max(1, epochs * stepsPerEpoch - warmup);
  return rateWith(schedule, { at: done, of: 1, epochs: (step - warmup) / stepsPerEpoch });
}

/** How much of something is over. */
interface Place {
  readonly at: number;
  readonly of: number;
}

/** The rate at a place in the schedule, which comes after so many epochs. */
function rateWith(schedule: Schedule, { epochs, ...place }: Place & { readonly epochs: number }): number {
  const { kind, learningRate, minLearningRate } = schedule;
  if (kind === "constant") return learningRate;
  const { at, of } = kind === "cosine-restarts" ? placeInCycle(epochs, schedule) : place;
  const left = kind === "linear" ? 1 - at / of : 0.5 * (1 + Math.cos((Math.PI * at) / of));
  return minLearningRate + left * (learningRate - minLearningRate);
}

/** Cycles follow each other for as long as training takes. Loshchilov and Hutter, ICLR 2017, arXiv 1608.03983, as PyTorch has them. */
function placeInCycle(epochs: number, { restartEpochs = 10, restartFactor = 2 }: Schedule): Place {
  let [at, of] = [epochs, restartEpochs];
  while (at >= of) {
    at -= of;
    of *= restartFactor;
  }
  return { at, of };
}
