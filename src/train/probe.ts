/** A linear probe: the best head on frozen features, by logistic regression with an L2 penalty chosen on validation data. */

import type { FeatureSet } from "./features.ts";
import { type Head, scoreHead } from "./heads.ts";
import { type ProbeOptions, penalties, probePath } from "./probe-path.ts";
import type { Validation } from "./validator.ts";

export interface Probe {
  /** `head.weight` [classes, width] and `head.bias` [classes], for features as they are. */
  readonly head: Head;
  /** On the validation examples; without any, over folds of the training examples, where each class has two. */
  readonly validation: Validation | undefined;
  /** The penalty that did best, or the middle one where nothing could tell: λ/2·‖W‖² beside the mean cross-entropy, on standardised features. */
  readonly penalty: number;
}

const folds = 4;
const middlePenalty = 0.1;

/** Fits a head for each penalty and keeps the one with the lowest loss on `val`, or by cross-validation without it. */
export async function fitProbe(
  train: FeatureSet,
  val: FeatureSet | undefined,
  options: ProbeOptions,
): Promise<Probe> {
  if (!val) return crossValidate(train, options);
  let best: (Probe & { readonly validation: Validation }) | undefined;
  for await (const { penalty, head } of probePath(train, options)) {
    const validation = scoreHead(head, val, options.classes);
    if (!best || validation.loss < best.validation.loss) best = { head, validation, penalty };
    // Weaker penalties only overfit more from here on.
    else if (validation.loss > 1.5 * best.validation.loss) break;
  }
  if (!best) throw new Error("internal: no penalty was tried.");
  return best;
}

/** The penalty by folds, each class spread evenly over them; the head by all examples. */
async function crossValidate(all: FeatureSet, options: ProbeOptions): Promise<Probe> {
  const scores = penalties.map(() => ({ loss: 0, top1: 0 }));
  const foldOf = spread(all.labels);
  let scored = 0;
  for (let fold = 0; fold < folds; fold++) {
    const kept = someFeatures(all, (index) => foldOf[index] !== fold);
    const known = new Set(kept.labels);
    // A class that a head has never seen says nothing of it.
    const held = someFeatures(
      all,
      (index) => foldOf[index] === fold && known.has(all.labels[index] as number),
    );
    if (held.labels.length === 0) continue;
    scored += held.labels.length;
    let at = 0;
    for await (const { head } of probePath(kept, options)) {
      const [score, found] = [scores[at++], scoreHead(head, held, options.classes)];
      const count = held.labels.length;
      if (score) {
        score.loss += count * found.loss;
        score.top1 += count * found.top1;
      }
    }
  }
  const lowest = Math.min(...scores.map(({ loss }) => loss));
  const best = scored > 0 ? penalties[scores.findIndex(({ loss }) => loss === lowest)] : middlePenalty;
  for await (const { penalty, head } of probePath(all, options)) {
    if (penalty !== best) continue;
    const { loss, top1 } = scores[penalties.indexOf(penalty)] ?? { loss: 0, top1: 0 };
    const validation = scored > 0 ? { loss: loss / scored, top1: top1 / scored } : undefined;
    return { penalty, head, validation };
  }
  throw new Error("internal: no penalty was tried.");
}

/** The fold of each example: the first of a class in fold 0, its second in fold 1, and so on. */
function spread(labels: readonly number[]): number[] {
  const seen = new Map<number, number>();
  return labels.map((label) => {
    const count = seen.get(label) ?? 0;
    seen.set(label, count + 1);
    return count % folds;
  });
}

/** The rows that `keep` says yes to. */
export function someFeatures({ rows, labels }: FeatureSet, keep: (index: number) => boolean): FeatureSet {
  const width = rows.length / labels.length;
  const kept = [...labels.keys()].filter(keep);
  const chosen = new Float32Array(kept.length * width);
  for (const [row, index] of kept.entries())
    chosen.set(rows.subarray(index * width, (index + 1) * width), row * width);
  return { rows: chosen, labels: kept.map((index) => labels[index] as number) };
}
