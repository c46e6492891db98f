/** The header of a .npy array: magic, version, and a Python dict with type, order and shape. */

import { FileError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import { limits } from "../limits.ts";
import { type FloatType, floatBytes } from "./float-types.ts";
import { renderShape, type Shape, sizeOf } from "./tensor.ts";

export interface NpyHeader {
  /** As NumPy writes it, such as `<f4`. */
  readonly descr: string;
  /** What the numbers are, where they are floating-point. */
  readonly dtype?: FloatType;
  readonly columnMajor: boolean;
  readonly shape: Shape;
  /** Bytes before the numbers. */
  readonly bytes: number;
}

export const MAX_NPY_HEADER_BYTES = limits.MAX_NPY_HEADER_BYTES.value;
/** Magic, version and the longer form of the length. */
export const NPY_PREFIX_BYTES = 12;
export const MAX_AXES = limits.MAX_AXES.value;

/** 2-byte void is how NumPy writes bfloat16, which it has no name for. */
const floatTypes: Readonly<Record<string, FloatType>> = {
  "<f4": "F32",
  "<f8": "F64",
  "<f2": "F16",
  "|V2": "BF16",
  "<V2": "BF16",
};

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** How many bytes the whole header takes, from its first `NPY_PREFIX_BYTES`. */
export function npyHeaderBytes(prefix: Uint8Array, where: string): number {
  if (prefix.length < NPY_PREFIX_BYTES || magic.some((byte, index) => prefix[index] !== byte))
    throw new FileError(`${where} is not a .npy array.`);
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength);
  const version = view.getUint8(6);
  if (version < 1 || version > 3)
    throw new FileError(`${where} is a .npy array of version ${version}; 1, 2 and 3 are known.`);
  const bytes = version === 1 ? 10 + view.getUint16(8, true) : 12 + view.getUint32(8, true);
  if (bytes > MAX_NPY_HEADER_BYTES + NPY_PREFIX_BYTES)
    throw new FileError(
      `${where}: the header claims ${bytes} bytes; at most ${MAX_NPY_HEADER_BYTES} are allowed.`,
    );
  return bytes;
}

/** Parses a whole header. `entryBytes` is what the array takes with it. */
export function parseNpyHeader(
  header: Uint8Array,
  { where, entryBytes }: { readonly where: string; readonly entryBytes: number },
): NpyHeader {
  const text = new TextDecoder("latin1").decode(header.subarray(header[6] === 1 ? 10 : 12)).trim();
  const descr = /'descr'\s*:\s*'([^']{1,40})'/.exec(text)?.[1];
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const sizes = /'shape'\s*:\s*\(([\d\s,]*)\)/.exec(text)?.[1];
  if (!text.startsWith("{") || !text.endsWith("}") || !descr || !order || sizes === undefined)
    throw new FileError(`${where} has the header ${showValue(text)}; type, order and shape are needed.`);
  const shape = sizes
    .split(",")
    .filter((size) => size.trim() !== "")
    .map(Number);
  if (shape.length > MAX_AXES || !shape.every(Number.isSafeInteger))
    throw new FileError(`${where} has shape (${sizes}); at most ${MAX_AXES} whole numbers are allowed.`);
  const dtype = Object.hasOwn(floatTypes, descr) ? floatTypes[descr] : undefined;
  const bytes = header.length;
  if (dtype !== undefined && sizeOf(shape) * floatBytes[dtype] !== entryBytes - bytes)
    throw new FileError(
      `${where} has shape ${renderShape(shape)} of ${descr}, but ${entryBytes - bytes} bytes of numbers.`,
    );
  return { descr, ...(dtype && { dtype }), columnMajor: order === "True", shape, bytes };
}

/** Row-major numbers from column-major ones: in NumPy's words, from Fortran order. */
export function fromColumnMajor(data: Float32Array, shape: Shape): Float32Array {
  const result = new Float32Array(data.length);
  const strides = shape.map((_, axis) => sizeOf(shape.slice(0, axis)));
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < data.length; to++) {
    result[to] = data[from] as number;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (index[axis] as number) + 1;
      from += strides[axis] as number;
      if (next < (shape[axis] as number)) {
        index[axis] = next;
        break;
      }
      from -= next * (strides[axis] as number);
      index[axis] = 0;
    }
  }
  return result;
}
