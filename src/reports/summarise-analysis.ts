/** An adapter's changes in a few numbers: means over the matrices that it changes. */

import type { AnalyzedAdapter, ChangedMatrix } from "./analysis.ts";

/** What is measured of each changed matrix, in the order in which it is shown. */
export const measures = [
  {
    key: "change",
    name: "‖ΔW‖ / ‖W‖",
    unit: "%",
    says: "How large the change is beside the weight.",
    of: ({ change }: ChangedMatrix): number | undefined => 100 * change,
  },
  {
    key: "effectiveRank",
    name: "effective rank of ΔW",
    unit: "",
    says: "In how many directions it changes: exp of the entropy of ΔW's singular values.",
    of: ({ effectiveRank }: ChangedMatrix): number | undefined => effectiveRank,
  },
  {
    key: "left",
    name: "left turned",
    unit: "°",
    says: "How far the subspace of the inputs with the largest singular values has turned: the mean principal angle. The paper calls these vectors left.",
    of: ({ left }: ChangedMatrix): number | undefined => left?.mean,
  },
  {
    key: "right",
    name: "right turned",
    unit: "°",
    says: "The same of the outputs.",
    of: ({ right }: ChangedMatrix): number | undefined => right?.mean,
  },
  {
    key: "spectrumMoved",
    name: "spectrum moved",
    unit: "%",
    says: "How far the singular values have moved, beside all of them. It is at most ‖ΔW‖ / ‖W‖; what is missing to that has turned the vectors.",
    of: ({ spectrumMoved }: ChangedMatrix): number | undefined => 100 * spectrumMoved,
  },
] as const;
export type MeasureKey = (typeof measures)[number]["key"];

/** Means; a measure that no matrix has is absent, and so are all where no matrix is changed. */
export function summarise({
  matrices,
}: Pick<AnalyzedAdapter, "matrices">): Partial<Record<MeasureKey, number>> {
  return Object.fromEntries(
    measures.flatMap(({ key, of }) => {
      const values = matrices.flatMap((matrix) => of(matrix) ?? []);
      return values.length === 0 ? [] : [[key, values.reduce((a, b) => a + b, 0) / values.length]];
    }),
  );
}

/** Why an adapter's weights do not tell all, a sentence; nothing where they do. */
export const sayUnmergeable = ({
  name,
  method,
  unmergeable,
  matrices,
}: AnalyzedAdapter): string | undefined =>
  unmergeable === undefined
    ? undefined
    : `${name}: ${matrices.length === 0 ? "no matrix is changed" : "what its weights show is not all"}, since ${method} adds what is no weight (${unmergeable}). What it does shows in the features alone.`;
