/** What tensors a weights file holds, of whatever format and number type: names, types, shapes. */

import { readNpz } from "./npz.ts";
import { readSafetensors } from "./safetensors.ts";
import type { Shape } from "./tensor.ts";

export interface ListedTensor {
  readonly name: string;
  /** As safetensors call it, such as F32; a type that only NumPy has by NumPy's name. */
  readonly dtype: string;
  readonly shape: Shape;
}

export interface TensorList {
  readonly tensors: readonly ListedTensor[];
  /** What a safetensors file says of itself. */
  readonly metadata: ReadonlyMap<string, string>;
}

/** Lists the tensors of the .safetensors or .npz file at `path`, in the file's order. */
export async function listTensors(path: string): Promise<TensorList> {
  if (path.endsWith(".npz")) {
    const { arrays } = await readNpz(path);
    const tensors = [...arrays].map(([name, { dtype, descr, shape }]) => ({
      name,
      dtype: dtype ?? descr,
      shape,
    }));
    return { tensors, metadata: new Map() };
  }
  const { tensors, metadata } = await readSafetensors(path);
  return { tensors: [...tensors].map(([name, { dtype, shape }]) => ({ name, dtype, shape })), metadata };
}
