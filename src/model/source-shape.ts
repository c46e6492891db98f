/** The shape of a tensor that a plan measures sizes by. */

import { FileError } from "../errors.ts";
import { renderShape, type Shape, sizeOf } from "../formats/tensor.ts";
import type { SourceShapes } from "./family.ts";

interface Source {
  readonly tensors: SourceShapes;
  /** Names it in messages. */
  readonly where: string;
}

/** Refuses a tensor that is missing, empty, or of another number of axes than one of `axes`. */
export function sourceShape({ tensors, where }: Source, name: string, ...axes: readonly number[]): Shape {
  const shape = tensors.get(name)?.shape;
  if (shape === undefined) throw new FileError(`${where}: tensor ${JSON.stringify(name)} is missing.`);
  if (!axes.includes(shape.length) || sizeOf(shape) === 0)
    throw new FileError(
      `${where}: tensor ${JSON.stringify(name)} has shape ${renderShape(shape)}; ${axes.join(" or ")} axes are needed.`,
    );
  return shape;
}
