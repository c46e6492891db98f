/** Features of classes that were computed elsewhere: one matrix in a .safetensors or .npz file. */

import { FileError, InputError } from "../errors.ts";
import { renderShape, type Tensor } from "../formats/tensor.ts";
import { openWeights } from "../model/weight-source.ts";
import { unit } from "./text-features.ts";

/** [classes, features], each row made of length 1. */
export async function readTextFeatures(
  path: string,
  { classes, features }: { readonly classes: number; readonly features: number },
): Promise<Tensor> {
  const source = await openWeights([path]);
  const matrices = [...source].filter(([, { shape }]) => shape.length === 2);
  const [only, ...others] = matrices;
  if (!only || others.length > 0)
    throw new FileError(
      `${path} holds ${matrices.length} matrices; one of text features is needed, with a row for each class.`,
    );
  const [name, tensor] = only;
  const [rows, columns] = tensor.shape;
  if (rows !== classes || columns !== features)
    throw new InputError(
      `${path}: tensor ${JSON.stringify(name)} has shape ${renderShape(tensor.shape)}; ${classes} classes in this model's space of images and texts are ${renderShape([classes, features])}, a row for each class.${rows === features && columns === classes ? " Transpose it." : ""}`,
    );
  const { data } = await tensor.read();
  const unitRows = new Float32Array(data.length);
  for (let row = 0; row < classes; row++) {
    const made = unit(data.subarray(row * features, (row + 1) * features));
    if (!made)
      throw new FileError(
        `${path}: row ${row} of tensor ${JSON.stringify(name)}, counted from 0, is zeros or not numbers, so it has no direction.`,
      );
    unitRows.set(made, row * features);
  }
  return { shape: [classes, features], data: unitRows };
}
