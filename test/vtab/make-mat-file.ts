/** Writes MAT-files of level 5, for what SciPy does not write. */

import { deflateSync } from "node:zlib";

export interface Element {
  readonly type: number;
  readonly body: Buffer;
}

export function element(type: number, body: Buffer): Buffer {
  const tag = Buffer.alloc(8);
  tag.writeUInt32LE(type, 0);
  tag.writeUInt32LE(body.length, 4);
  return Buffer.concat([tag, body, Buffer.alloc(-body.length & 7)]);
}

/** Up to 4 bytes in the tag itself. */
export function smallElement(type: number, body: Buffer): Buffer {
  const tag = Buffer.alloc(8);
  tag.writeUInt16LE(type, 0);
  tag.writeUInt16LE(body.length, 2);
  body.copy(tag, 4);
  return tag;
}

const words = (...values: readonly number[]): Buffer => Buffer.from(Int32Array.from(values).buffer);

export interface MatrixParts {
  readonly name?: string;
  readonly flags?: number;
  readonly dims?: readonly number[];
  readonly values: Buffer;
}

/** An array with its tag: flags, dimensions, name, numbers. */
export const matrix = ({ name = "x", flags = 9, dims = [1, 2], values }: MatrixParts): Buffer =>
  element(
    14,
    Buffer.concat([
      element(6, words(flags, 0)),
      element(5, words(...dims)),
      element(1, Buffer.from(name)),
      values,
    ]),
  );

/** Is not padded. */
export const compressed = (inner: Buffer): Buffer => {
  const body = deflateSync(inner);
  return Buffer.concat([element(15, body).subarray(0, 8), body]);
};

export function matFile(...elements: readonly Buffer[]): Buffer {
  const header = Buffer.alloc(128, " ");
  header.write("MATLAB 5.0 MAT-file");
  header.writeUInt16LE(0x0100, 124);
  header.write("IM", 126);
  return Buffer.concat([header, ...elements]);
}
