/** The compiled inner loop of the reduction to a tridiagonal matrix, and the memory that it works in. */

import { kernelBytes } from "./kernel-bytes.ts";

/** What tridiagonal.wat exports; positions are in bytes. */
interface Kernel {
  readonly memory: WebAssembly.Memory;
  readonly updateRows: (
    ...positions: [
      ...[row0: number, row1: number, bytes: number],
      ...[p: number, q: number, z: number, w: number, sums: number],
      ...[x0: number, y0: number, v0: number, x1: number, y1: number, v1: number],
    ]
  ) => void;
}

export interface Workspace extends Pick<Kernel, "updateRows"> {
  /** A copy of the matrix. */
  readonly a: Float64Array;
  /** As long as a row, and zeros. */
  readonly v0: Float64Array;
  readonly w0: Float64Array;
  readonly v1: Float64Array;
  readonly w1: Float64Array;
  /** 4 numbers. */
  readonly sums: Float64Array;
}

const pageBytes = 2 ** 16;
let kernel: Kernel | undefined;

/** Of a matrix [size, size]. The arrays of every earlier call are overwritten, or cut off from the memory. */
export function openWorkspace(matrix: Float64Array, size: number): Workspace {
  kernel ??= instantiate();
  const { memory, updateRows } = kernel;
  const missing = 8 * (size * size + 4 * size + 4) - memory.buffer.byteLength;
  if (missing > 0) memory.grow(Math.ceil(missing / pageBytes));
  let at = 0;
  const next = (length: number) => {
    const array = new Float64Array(memory.buffer, at, length);
    at += array.byteLength;
    return array;
  };
  const a = next(size * size);
  a.set(matrix);
  const row = () => next(size).fill(0);
  return { a, v0: row(), w0: row(), v1: row(), w1: row(), sums: next(4), updateRows };
}

function instantiate(): Kernel {
  const module = new WebAssembly.Module(Buffer.from(kernelBytes, "base64"));
  return new WebAssembly.Instance(module).exports as unknown as Kernel;
}
