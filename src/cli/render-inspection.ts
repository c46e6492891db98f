/** Renders an inspection for people, by what it is of. */

import type { Inspection } from "../node.ts";
import { renderDataset } from "./render-dataset.ts";
import { renderFacts } from "./render-facts.ts";
import { renderModel, renderNamed, renderSize } from "./render-model.ts";
import { renderAdapter, renderRun } from "./render-run.ts";
import { renderCheckpoint, renderLooseTensors, renderTensors } from "./render-tensors.ts";

/** `what` is what was asked about. */
export function renderInspection(what: string, record: Inspection): string {
  const text = renderRecord(what, record);
  return record.tensors ? `${text}\n\n${renderTensors(record.tensors)}` : text;
}

function renderRecord(what: string, record: Inspection): string {
  switch (record.type) {
    case "size":
      return renderSize(record);
    case "named":
      return renderNamed(record);
    case "model":
      return renderModel(what, record);
    case "adapter":
      return renderAdapter(record);
    case "run":
      return renderRun(record);
    case "dataset":
      return renderDataset(record);
    case "checkpoint":
      return renderCheckpoint(record);
    case "tensors":
      return renderLooseTensors(record);
    case "image":
      return renderFacts(`${record.path} is an image.`, [
        ["kind", record.kind],
        ["size", `${record.width} x ${record.height} pixels, ${channels(record.channels)}`],
      ]);
  }
}

const channels = (count: number): string => (count === 1 ? "1 channel" : `${count} channels`);
