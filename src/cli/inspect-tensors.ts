/** What a file of tensors is that is neither a model nor an adapter: a run's checkpoint, or just tensors. */

import { stat } from "node:fs/promises";
import { listTensors, type TensorList } from "../formats/list-tensors.ts";
import { sizeOf } from "../formats/tensor.ts";
import { parsePosition } from "../runs/checkpoint.ts";
import type { Inspection } from "./inspect.ts";
import { countTypes, renderTypes } from "./inspect-model.ts";
import { type Fact, renderBytes, renderCount, renderFacts } from "./render-facts.ts";

/** `why` says why it is no model. */
export async function inspectTensors(path: string, why: string): Promise<Inspection> {
  const list = await listTensors(path);
  const { tensors, metadata } = list;
  const { size: bytes } = await stat(path);
  const numbers = tensors.reduce((total, { shape }) => total + sizeOf(shape), 0);
  const dtypes = countTypes(tensors);
  const position = positionOf(list, path);
  const facts: Fact[] = [
    ["tensors", `${renderCount(tensors.length)} (${renderTypes(dtypes)})`],
    ["numbers", renderCount(numbers)],
    ["size", renderBytes(bytes)],
  ];
  const common = { path, bytes, tensorCount: tensors.length, numbers, dtypes };
  if (position) {
    const { epoch, step, finished, best } = position;
    const headline = `${path} is the state of a training run, which rlrr train --resume goes on from.`;
    const stands: Fact[] = [
      ["stands", finished ? `finished after ${step} steps` : `in epoch ${epoch + 1}, after ${step} steps`],
      ["best epoch", best && `${best.epoch + 1}, ${best.top1.toFixed(2)} % on validation images`],
    ];
    const text = renderFacts(headline, [...stands, ...facts]);
    return { record: { type: "checkpoint", ...common, position }, text, tensors };
  }
  const described = [...metadata].map(([name, value]): Fact => [name, value.slice(0, 200)]);
  return {
    record: { type: "tensors", ...common, metadata: Object.fromEntries(metadata), why },
    text: renderFacts(`${path} holds tensors, but no model.`, [...facts, ...described, ["why", why]]),
    tensors,
  };
}

/** Where a checkpoint's run stands; none in any other file. */
function positionOf({ metadata, tensors }: TensorList, path: string) {
  const text = metadata.get("position");
  const isOurs = text !== undefined && tensors.every(({ name }) => /^(parameter|first|second)\//.test(name));
  return isOurs ? parsePosition(text, path) : undefined;
}
