/** Data and model name their classes on their own; an example's label must be the row of the head with its name. */

import type { Example } from "../datasets/dataset.ts";
import { InputError } from "../errors.ts";

export interface LabelNames {
  /** The data's class names. */
  readonly from: readonly string[];
  /** The head's. */
  readonly to: readonly string[];
  /** The data, for messages. */
  readonly where: string;
}

/** Examples with their labels as rows of the head; data may lack classes, but not have ones the head has not. */
export function matchLabels(examples: readonly Example[], { from, to, where }: LabelNames): Example[] {
  const rows = new Map(to.map((name, row) => [name, row]));
  const used = new Set(examples.map(({ label }) => label));
  const unknown = from.filter((name, label) => used.has(label) && !rows.has(name));
  if (unknown.length > 0) {
    const some = (names: readonly string[]) =>
      `${names
        .slice(0, 5)
        .map((name) => `"${name}"`)
        .join(", ")}${names.length > 5 ? ", …" : ""}`;
    throw new InputError(
      `${where}: ${unknown.length} of its classes are not the model's: ${some(unknown)}. The model knows ${to.length}: ${some(to)}.`,
    );
  }
  return examples.map(({ path, label }) => ({ path, label: rows.get(from[label] ?? "") ?? 0 }));
}
