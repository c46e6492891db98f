/** Divides a number of examples into batches, by index ranges. */

export interface BatchRangeOptions {
  /** The most examples of a batch. */
  readonly batchSize: number;
  /** Examples that belong together, as those of one optimizer step do: no batch spans two groups. */
  readonly groupSize?: number;
}

/** [from, to) of every batch of `length` examples, in order; the last of a group may be short. */
export function batchRanges(
  length: number,
  { batchSize, groupSize = batchSize }: BatchRangeOptions,
): (readonly [from: number, to: number])[] {
  const found: [number, number][] = [];
  for (let group = 0; group < length; group += groupSize) {
    const end = Math.min(group + groupSize, length);
    for (let from = group; from < end; from += batchSize) found.push([from, Math.min(from + batchSize, end)]);
  }
  return found;
}
