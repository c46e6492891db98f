/** Makes a head for other classes out of an adapter's: rows are matched by the names of their classes. */

import type { Tensor } from "../formats/tensor.ts";
import type { Adapter } from "./adapter.ts";

export interface GrownHead {
  /** All tensors of the adapter, the head's with a row for each of the classes. */
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** Classes that the adapter does not know: their rows give every image the mean bias. */
  readonly newClasses: readonly number[];
  /** Labels of the adapter that are not among the classes. */
  readonly dropped: readonly string[];
}

export function growHead(
  { labels, tensors }: Pick<Adapter, "labels" | "tensors">,
  classes: readonly string[],
): GrownHead {
  const rowOf = new Map(labels.map((label, row) => [label, row]));
  const rows = classes.map((name) => rowOf.get(name));
  const [weight, bias] = [dataOf(tensors, "head.weight"), dataOf(tensors, "head.bias")];
  const width = weight.length / labels.length;
  const mean = bias.reduce((sum, value) => sum + value, 0) / bias.length;
  const grown = { weight: new Float32Array(classes.length * width), bias: new Float32Array(classes.length) };
  for (const [at, row] of rows.entries()) {
    grown.bias[at] = row === undefined ? mean : (bias[row] as number);
    if (row !== undefined) grown.weight.set(weight.subarray(row * width, (row + 1) * width), at * width);
  }
  const known = new Set(classes);
  return {
    tensors: new Map([
      ...tensors,
      ["head.weight", { shape: [classes.length, width], data: grown.weight }],
      ["head.bias", { shape: [classes.length], data: grown.bias }],
    ]),
    newClasses: [...rows.keys()].filter((at) => rows[at] === undefined),
    dropped: labels.filter((label) => !known.has(label)),
  };
}

function dataOf(tensors: Adapter["tensors"], name: string): Float32Array {
  const tensor = tensors.get(name);
  if (!tensor) throw new Error(`internal: an adapter without ${name}.`);
  return tensor.data;
}
