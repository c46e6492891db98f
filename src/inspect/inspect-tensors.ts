/** Describes a file of tensors that is neither a model nor an adapter: a checkpoint, or plain tensors. */

import { stat } from "node:fs/promises";
import { type ListedTensor, listTensors, type TensorList } from "../formats/list-tensors.ts";
import { sizeOf } from "../formats/tensor.ts";
import { type Position, parsePosition } from "../runs/checkpoint.ts";
import { countTypes } from "./inspect-model.ts";

interface TensorFacts {
  readonly path: string;
  readonly bytes: number;
  readonly tensorCount: number;
  readonly numbers: number;
  /** How many tensors there are of each type. */
  readonly dtypes: Readonly<Record<string, number>>;
}

/** The state of a training run. */
export interface CheckpointRecord extends TensorFacts {
  readonly type: "checkpoint";
  readonly position: Position;
}

/** Tensors that are not a model. */
export interface TensorsRecord extends TensorFacts {
  readonly type: "tensors";
  readonly metadata: Readonly<Record<string, string>>;
  /** Why they are not a model. */
  readonly why: string;
}

interface Inspected {
  readonly record: CheckpointRecord | TensorsRecord;
  readonly tensors: readonly ListedTensor[];
}

/** `why` says why it is not a model. */
export async function inspectTensors(path: string, why: string): Promise<Inspected> {
  const list = await listTensors(path);
  const { tensors, metadata } = list;
  const { size: bytes } = await stat(path);
  const numbers = tensors.reduce((total, { shape }) => total + sizeOf(shape), 0);
  const common = { path, bytes, tensorCount: tensors.length, numbers, dtypes: countTypes(tensors) };
  const position = positionOf(list, path);
  if (position) return { record: { type: "checkpoint", ...common, position }, tensors };
  return { record: { type: "tensors", ...common, metadata: Object.fromEntries(metadata), why }, tensors };
}

/** Where a checkpoint's run stands; none in any other file. */
function positionOf({ metadata, tensors }: TensorList, path: string): Position | undefined {
  const text = metadata.get("position");
  const isOurs = text !== undefined && tensors.every(({ name }) => /^(parameter|first|second)\//.test(name));
  return isOurs ? parsePosition(text, path) : undefined;
}
