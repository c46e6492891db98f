/** Renders what holds tensors but is no model: a checkpoint, or any other file; and a list of tensors. */

import { graph } from "../index.ts";
import type { CheckpointRecord, Inspection, TensorsRecord } from "../node.ts";
import { renderTable } from "../table.ts";
import { type Fact, renderBytes, renderCount, renderFacts } from "./render-facts.ts";

/** Every tensor with its type and shape. */
export function renderTensors(tensors: NonNullable<Inspection["tensors"]>): string {
  const columns = [{ title: "tensor", maxWidth: 100 }, { title: "type" }, { title: "shape" }];
  return renderTable(
    columns,
    tensors.map(({ name, dtype, shape }) => [name, dtype, graph.renderShape(shape)]),
    { indent: 2 },
  );
}

/** How many tensors of each type. */
export function renderTypes(counts: Readonly<Record<string, number>>): string {
  const types = Object.entries(counts);
  if (types.length === 1) return Object.keys(counts).join("");
  return types.map(([dtype, count]) => `${count} ${dtype}`).join(", ");
}

const tensorFacts = ({ tensorCount, dtypes, numbers, bytes }: CheckpointRecord | TensorsRecord): Fact[] => [
  ["tensors", `${renderCount(tensorCount)} (${renderTypes(dtypes)})`],
  ["numbers", renderCount(numbers)],
  ["size", renderBytes(bytes)],
];

export function renderCheckpoint(record: CheckpointRecord): string {
  // How many images its accuracy is of is not in the state, so that is not shown.
  const { epoch, step, finished, best } = record.position;
  return renderFacts(`${record.path} is the state of a training run, which rlrr train --resume continues.`, [
    ["stands", finished ? `finished after ${step} steps` : `in epoch ${epoch + 1}, after ${step} steps`],
    ["best epoch", best && (best.epoch < 0 ? "the start" : String(best.epoch + 1))],
    ...tensorFacts(record),
  ]);
}

export function renderLooseTensors(record: TensorsRecord): string {
  return renderFacts(`${record.path} holds tensors, but no model.`, [
    ...tensorFacts(record),
    ...Object.entries(record.metadata).map(([name, value]): Fact => [name, value.slice(0, 200)]),
    ["why", record.why],
  ]);
}
