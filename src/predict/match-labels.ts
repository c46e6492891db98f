/** Matches the data's class names with the model's, so that each example's label is the head's row of that name. */

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

/** Examples with their labels as rows of the head. The data may lack some of the model's classes, but not have others. */
export function matchLabels(examples: readonly Example[], { from, to, where }: LabelNames): Example[] {
  const rows = new Map(to.map((name, row) => [name, row]));
  // Where the model names no labels, a number in the data is the row of that number.
  if (to.every((name, row) => name === `LABEL_${row}`))
    for (const row of to.keys()) rows.set(String(row), row);
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
  const twice = to.find(
    (name, row) => rows.get(name) !== row && from.some((own, label) => own === name && used.has(label)),
  );
  if (twice !== undefined)
    throw new InputError(
      `${where}: the model has more than one class named "${twice}", so it is unclear which of them the data means. Give each of its classes a name of its own, in its config.json.`,
    );
  return examples.map(({ path, label }) => {
    const name = from[label];
    const row = name === undefined ? undefined : rows.get(name);
    if (row === undefined)
      throw new InputError(
        `${where}: ${path} has the label ${label}; with ${from.length} ${from.length === 1 ? "class" : "classes"} it must be a whole number from 0 to ${from.length - 1}.`,
      );
    return { path, label: row };
  });
}
