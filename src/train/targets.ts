/** The loss's targets: soft targets that carry label smoothing, class weights, the mean over the step, and padding. */

export interface TargetOptions {
  readonly classes: number;
  readonly labelSmoothing: number;
  /** A weight per class, applied to all targets of an image; the loss is divided by their sum over the step's images. */
  readonly classWeights?: readonly number[] | undefined;
  /** Σ of the weights of all images of the optimizer step. */
  readonly total: number;
  /** Rows of the graph; those after `labels` stay zero. */
  readonly rows: number;
}

/** [rows, classes]: (1 - smoothing)·onehot + smoothing / classes, times the image's share of the step's mean. */
export function targetsFor(
  labels: Int32Array,
  { classes, labelSmoothing, classWeights, total, rows }: TargetOptions,
): Float32Array {
  const targets = new Float32Array(rows * classes);
  labels.forEach((label, row) => {
    const weight = (classWeights?.[label] ?? 1) / total;
    targets.fill((weight * labelSmoothing) / classes, row * classes, (row + 1) * classes);
    const at = row * classes + label;
    targets[at] = (targets[at] ?? 0) + weight * (1 - labelSmoothing);
  });
  return targets;
}

/** n / (classes · count): rare classes weigh more, the mean over all images stays 1. scikit-learn's "balanced". */
export function balancedWeights(labels: readonly number[], classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  return counts.map((count) => (count === 0 ? 0 : labels.length / (classes * count)));
}
