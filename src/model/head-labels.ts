/** The labels that a configuration gives to the rows of a head. */

import { FileError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import { renderList } from "../render-list.ts";
import type { CommonHints } from "./family.ts";

/** The labels of a configuration file, which a head of another size refuses. */
function checkLabels({ labels = [], where, advice = "" }: CommonHints, classes: number): readonly string[] {
  if (classes === 0 || labels.length === 0) return [];
  if (labels.length !== classes)
    throw new FileError(
      `${where}: it names ${labels.length} labels, but the head has ${classes} classes.${advice}`,
    );
  return labels;
}

/**
 * Classes that share a name are told apart by their number. They are not refused, because ImageNet's names hold two cranes, the
 * bird and the machine; but data of that name must not silently count for the last of them.
 */
function distinctLabels(labels: readonly string[]): {
  readonly labels: readonly string[];
  readonly note?: string;
} {
  const rows = new Map<string, number[]>();
  for (const [row, label] of labels.entries()) {
    const before = rows.get(label);
    if (before) before.push(row);
    else rows.set(label, [row]);
  }
  const [shared, ...more] = [...rows].filter(([, { length }]) => length > 1);
  if (shared === undefined) return { labels };
  const [name, numbers] = shared;
  const besides = more.length === 0 ? "" : ` So are ${more.length} more names of several classes.`;
  return {
    labels: labels.map((label, row) => (rows.get(label)?.length === 1 ? label : `${label} (${row})`)),
    note: `classes ${renderList(numbers.map(String))} are all named ${showValue(name)}; they are called ${renderList(numbers.map((row) => showValue(`${name} (${row})`)))} here.${besides}`,
  };
}

/** The name of each row of the head, and a note where some were renamed; `from` names the source in it. */
export function labelsOfHead(
  hints: CommonHints,
  { classes, from }: { readonly classes: number; readonly from: string },
): { readonly labels: readonly string[]; readonly notes: readonly string[] } {
  const { labels, note } = distinctLabels(checkLabels(hints, classes));
  return { labels, notes: note === undefined ? [] : [`${hints.where ?? from}: ${note}`] };
}
