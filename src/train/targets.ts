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
  /** Where images were mixed: the labels of their partners, and an image's share of its own target. */
  readonly mixed?: { readonly partners: Int32Array; readonly share: number } | undefined;
}

/**
 * [rows, classes]: (1 - smoothing)·onehot + smoothing / classes, times the image's share of the step's mean. Of a mixed image both
 * targets, weighted by their classes, in its shares: over a step in which all are each other's partners, `total` stays the same.
 */
export function targetsFor(labels: Int32Array, options: TargetOptions): Float32Array {
  const { classes, rows, mixed } = options;
  const targets = new Float32Array(rows * classes);
  for (const [row, label] of labels.entries()) {
    const target = targets.subarray(row * classes, (row + 1) * classes);
    addTarget(target, label, { ...options, part: mixed?.share ?? 1 });
    if (mixed) addTarget(target, mixed.partners[row] as number, { ...options, part: 1 - mixed.share });
  }
  return targets;
}

function addTarget(
  target: Float32Array,
  label: number,
  { classes, labelSmoothing, classWeights, total, part }: TargetOptions & { readonly part: number },
): void {
  const weight = (part * (classWeights?.[label] ?? 1)) / total;
  for (let i = 0; i < classes; i++) target[i] = (target[i] as number) + (weight * labelSmoothing) / classes;
  target[label] = (target[label] as number) + weight * (1 - labelSmoothing);
}

/** n / (classes · count): rare classes weigh more, the mean over all images stays 1. scikit-learn's "balanced". */
export function balancedWeights(labels: readonly number[], classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1;
  return counts.map((count) => (count === 0 ? 0 : labels.length / (classes * count)));
}
