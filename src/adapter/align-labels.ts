/** The same classes in the same order: what heads of several adapters need before they can be combined. */

import { InputError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import type { Tensor } from "../formats/tensor.ts";
import type { Adapter } from "./adapter.ts";

/** The adapter with the rows of its head in the order of `labels`; refused where it has other classes. `path` names it. */
export function alignLabels(adapter: Adapter, labels: readonly string[], path: string): Adapter {
  const rows = labels.map((label) => adapter.labels.indexOf(label));
  const missing = labels[rows.indexOf(-1)];
  const extra = adapter.labels.find((label) => !labels.includes(label));
  if (missing !== undefined || extra !== undefined)
    throw new InputError(
      `${path}: its head ${missing === undefined ? `has the class ${showValue(extra)}, which the first adapter lacks` : `lacks the class ${showValue(missing)} of the first adapter`}. Only adapters of the same classes can answer together; train them on the same data.`,
    );
  if (new Set(labels).size < labels.length && labels.some((label, row) => label !== adapter.labels[row]))
    throw new InputError(`${path}: two of its classes have one name, so which is which cannot be told.`);
  if (rows.every((row, at) => row === at)) return adapter;
  const tensors = new Map(
    [...adapter.tensors].map(([name, tensor]) => [
      name,
      name.startsWith("head.") ? reorder(tensor, rows) : tensor,
    ]),
  );
  return { ...adapter, labels, tensors };
}

function reorder({ shape, data }: Tensor, rows: readonly number[]): Tensor {
  const width = data.length / rows.length;
  const moved = new Float32Array(data.length);
  for (const [at, row] of rows.entries())
    moved.set(data.subarray(row * width, (row + 1) * width), at * width);
  return { shape, data: moved };
}
