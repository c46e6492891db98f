/** The model's own head as a start of training: its rows of the data's classes, by their names. */

import { InputError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import type { Tensor } from "../formats/tensor.ts";
import { readWeight } from "../formats/weight-bytes.ts";
import type { Model } from "../model/model.ts";
import { needed } from "../needed.ts";

/** `head.weight` [classes, D] and `head.bias` [classes]; refuses a model that lacks one of the classes. */
export async function startHead(
  { id, config, weights, labels }: Model,
  classes: readonly string[],
): Promise<ReadonlyMap<string, Tensor>> {
  if (config.classes === 0)
    throw new InputError(
      (show) =>
        `${show("start", "head")}: ${id} has no head to start from. Of a CLIP or SigLIP, rlrr zero-shot makes one; of others leave ${show("start")} out, and training starts from a linear probe.`,
    );
  const names = labels.length > 0 ? labels : Array.from({ length: config.classes }, (_, row) => String(row));
  // The same letters may be stored in two ways: names of files on some disks are decomposed.
  const rowOf = new Map(names.map((name, row) => [name.normalize(), row]));
  const rows = classes.map((name) => rowOf.get(name.normalize()) ?? -1);
  const missing = classes.filter((_, at) => rows[at] === -1);
  if (missing.length > 0)
    throw new InputError(
      (show) =>
        `${show("start", "head")}: the head of ${id} has no row for ${missing.length === 1 ? "the class" : `${missing.length} of ${classes.length} classes, such as`} ${showValue(missing[0])}; it has ${names.length}: ${names.slice(0, 5).map(showValue).join(", ")}${names.length > 5 ? ", …" : ""}. Leave ${show("start")} out, and training starts from a linear probe.`,
    );
  const [weight, bias] = await Promise.all(
    ["head.weight", "head.bias"].map((name) => readWeight(needed(weights.get(name), name))),
  );
  return new Map([
    ["head.weight", someRows(needed(weight, "head.weight"), rows)],
    ["head.bias", someRows(needed(bias, "head.bias"), rows)],
  ]);
}

function someRows({ shape: [all = 1, ...rest], data }: Tensor, rows: readonly number[]): Tensor {
  const size = data.length / all;
  const some = new Float32Array(rows.length * size);
  for (const [at, row] of rows.entries()) some.set(data.subarray(row * size, (row + 1) * size), at * size);
  return { shape: [rows.length, ...rest], data: some };
}
