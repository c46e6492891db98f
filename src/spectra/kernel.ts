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
  /** As many numbers as were asked for, each; what is in them is undefined. */
  readonly arrays: readonly Float64Array[];
}

const pageBytes = 2 ** 16;
let kernel: Kernel | undefined;

/** The arrays of every earlier call are overwritten, or cut off from the memory. */
export function openWorkspace(lengths: readonly number[]): Workspace {
  kernel ??= instantiate();
  const { memory, updateRows } = kernel;
  const bytes = 8 * lengths.reduce((sum, length) => sum + length, 0);
  const missing = Math.ceil((bytes - memory.buffer.byteLength) / pageBytes);
  if (missing > 0) memory.grow(missing);
  let at = 0;
  const arrays = lengths.map((length) => {
    const array = new Float64Array(memory.buffer, at, length);
    at += array.byteLength;
    return array;
  });
  return { arrays, updateRows };
}

function instantiate(): Kernel {
  const module = new WebAssembly.Module(Buffer.from(kernelBytes, "base64"));
  return new WebAssembly.Instance(module).exports as unknown as Kernel;
}
