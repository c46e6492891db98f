/** Makes the bytes of .npy and .npz files, for the tests of what reads them. */

import { zipSync } from "fflate";
import type { Tensor } from "../src/formats/tensor.ts";

export type NpyType = "<f4" | "<f8" | "<f2" | "|V2";

/** Half precision of a number that it holds exactly. */
function halfBits(value: number): number {
  const bits = new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0;
  const exponent = ((bits >>> 23) & 0xff) - 127 + 15;
  return value === 0 ? 0 : ((bits >>> 16) & 0x8000) | (exponent << 10) | ((bits >>> 13) & 0x3ff);
}

/** Little-endian bytes of numbers that `type` holds exactly. */
export function numberBytes(data: Float32Array, type: NpyType): Uint8Array {
  const copies = {
    "<f4": () => Float32Array.from(data),
    "<f8": () => Float64Array.from(data),
    "<f2": () => Uint16Array.from(data, halfBits),
    "|V2": () => Uint16Array.from(new Uint32Array(Float32Array.from(data).buffer), (bits) => bits >>> 16),
  };
  return new Uint8Array(copies[type]().buffer);
}

/** A .npy array from the text of its header. */
export function npyOf(dict: string, numbers: Uint8Array, version: 1 | 2 | 3 = 1): Uint8Array {
  const start = version === 1 ? 10 : 12;
  const length = Math.ceil((start + dict.length + 1) / 64) * 64 - start;
  const header = Buffer.alloc(start + length, " ");
  Buffer.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, version, 0]).copy(header);
  if (version === 1) header.writeUInt16LE(length, 8);
  else header.writeUInt32LE(length, 8);
  header.write(dict, start);
  header[start + length - 1] = 10;
  return Buffer.concat([header, numbers]);
}

export interface NpyOptions {
  readonly type?: NpyType;
  readonly version?: 1 | 2 | 3;
  readonly columnMajor?: boolean;
}

/** A .npy array as NumPy writes it. With `columnMajor` the numbers are taken to be in that order already. */
export function npyBytes(
  { shape, data }: Tensor,
  { type = "<f4", version = 1, columnMajor = false }: NpyOptions = {},
): Uint8Array {
  const sizes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const order = columnMajor ? "True" : "False";
  const dict = `{'descr': '${type}', 'fortran_order': ${order}, 'shape': (${sizes}), }`;
  return npyOf(dict, numberBytes(data, type), version);
}

/** A .npz file of `arrays`. */
export const npzBytes = (
  arrays: ReadonlyMap<string, Tensor>,
  { deflate = false, ...options }: NpyOptions & { readonly deflate?: boolean } = {},
): Uint8Array =>
  zipSync(
    Object.fromEntries([...arrays].map(([name, tensor]) => [`${name}.npy`, npyBytes(tensor, options)])),
    { level: deflate ? 6 : 0 },
  );
