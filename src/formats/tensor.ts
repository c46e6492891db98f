/** A tensor is a shape and float32 numbers: in memory, or as a range of bytes in a file. */

export type Shape = readonly number[];

/** float32 numbers in memory, row-major. */
export interface Tensor {
  readonly shape: Shape;
  readonly data: Float32Array;
}

/** Little-endian float32 numbers at a byte offset of a file; the engine maps them without a copy. */
export interface StoredTensor {
  readonly shape: Shape;
  readonly path: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
}

/** A weight, in memory or in a file. */
export type Weight = Tensor | StoredTensor;

/** Weights by name. */
export type Weights = ReadonlyMap<string, Weight>;

export const isStored = (weight: Weight): weight is StoredTensor => "path" in weight;

/** How many numbers a shape holds; 1 for a scalar's `[]`. */
export const sizeOf = (shape: Shape): number => shape.reduce((product, size) => product * size, 1);

/** `[2, 3]`, as messages print shapes. */
export const renderShape = (shape: Shape): string => `[${shape.join(", ")}]`;

export const sameShape = (a: Shape, b: Shape): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis]);
