/** MAT-files of level 5: those of the originals' kinds are read, others are refused. */

import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readMatFile } from "../../scripts/vtab/mat-file.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { compressed, element, matFile, matrix, smallElement } from "./make-mat-file.ts";

const folder = temporaryFolder("mat-file");
const path = join(folder, "a.mat");

async function read(bytes: Uint8Array) {
  await writeFile(path, bytes);
  return (await readMatFile(path, ["x"])).x;
}

const uint8 = (...values: readonly number[]) => element(2, Buffer.from(values));
const numbers = [
  { type: 1, values: Int8Array.of(-1, 2) },
  { type: 2, values: Uint8Array.of(1, 255) },
  { type: 3, values: Int16Array.of(-300, 2) },
  { type: 4, values: Uint16Array.of(300, 65_535) },
  { type: 5, values: Int32Array.of(-70_000, 2) },
  { type: 6, values: Uint32Array.of(70_000, 2) },
  { type: 7, values: Float32Array.of(1.5, 2) },
  { type: 9, values: Float64Array.of(0.1, 2) },
];

describe("a MAT-file of level 5", () => {
  it.each(numbers)("has numbers of type $type", async ({ type, values }) => {
    const stored = matrix({ flags: 6, values: element(type, Buffer.from(values.buffer)) });
    expect(await read(matFile(stored))).toEqual({ dims: [1, 2], values });
    expect(await read(matFile(compressed(stored)))).toEqual({ dims: [1, 2], values });
  });

  it("has short names and numbers in their tags", async () => {
    const small = smallElement(2, Buffer.of(7, 8));
    expect(await read(matFile(matrix({ values: small })))).toEqual({
      ...{ dims: [1, 2], values: Uint8Array.of(7, 8) },
    });
  });

  it("has other arrays before and behind, of any class", async () => {
    const other = matrix({ name: "cells", flags: 1, values: uint8(1, 2, 3) });
    const wanted = matrix({ values: uint8(1, 2) });
    const file = matFile(compressed(other), element(2, Buffer.of(1)), compressed(wanted), other);
    expect((await read(file)).values).toEqual(Uint8Array.of(1, 2));
  });
});

const sound = matFile(matrix({ values: uint8(1, 2) }));
const packed = matFile(compressed(matrix({ values: uint8(1, 2) })));
const patch = (bytes: Buffer, at: number, byte: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[at] = byte;
  return copy;
};
const flipLast = (bytes: Buffer): Buffer => patch(bytes, bytes.length - 1, (bytes.at(-1) ?? 0) ^ 1);

describe("what is no such file", () => {
  it.each([
    ["an empty one", Buffer.alloc(0), " is no MATLAB file of level 5, little-endian. Download it again."],
    [
      "a big-endian one",
      patch(patch(sound, 126, 0x4d), 127, 0x49),
      " is no MATLAB file of level 5, little-endian. Download it again.",
    ],
    [
      "one of MATLAB 7.3",
      Buffer.concat([Buffer.from("MATLAB 7.3 MAT-file".padEnd(128)), Buffer.alloc(8)]),
      " is of MATLAB 7.3; the original is of level 5. Download it again.",
    ],
    [
      "one without the array",
      matFile(matrix({ name: "z", values: uint8(1, 2) })),
      ' has no array "x", but ["z"]. Download it again.',
    ],
    [
      "one that ends in a tag",
      sound.subarray(0, 130),
      ": the file ends at byte 130, 136 are needed. It is cut short; get it again.",
    ],
    [
      "one that is cut short",
      sound.subarray(0, -8),
      ` has ${sound.length - 8} bytes, ${sound.length} are needed. It is cut short; download it again.`,
    ],
    [
      "compressed bytes that end early",
      matFile(element(15, Buffer.from(packed.subarray(136, -8)))),
      " cannot be inflated; it is damaged. Download it again.",
    ],
    ["a wrong checksum", flipLast(packed), " cannot be inflated; it is damaged. Download it again."],
    [
      "something else that is compressed",
      matFile(compressed(uint8(1, 2))),
      ": there is an element of type 2 for an array. Download it again.",
    ],
    [
      "text",
      matFile(matrix({ flags: 4, values: element(4, Buffer.from("abcd")) })),
      ': array "x" is of class 4, and no array of real numbers. Download it again.',
    ],
    [
      "complex numbers",
      matFile(matrix({ flags: 9 | (8 << 8), values: uint8(1, 2) })),
      ': array "x" is of class 9, and no array of real numbers. Download it again.',
    ],
    [
      "numbers of 64 bits",
      matFile(matrix({ flags: 14, values: element(12, Buffer.alloc(16)) })),
      ': array "x": its numbers are of type 12, which is not known here. Download it again.',
    ],
    [
      "a shape of another size",
      matFile(matrix({ dims: [2, 2], values: uint8(1, 2) })),
      ': array "x": its 2 bytes are no array of shape [2, 2]. Download it again.',
    ],
    [
      "a negative shape",
      matFile(matrix({ dims: [-1, -2], values: uint8(1, 2) })),
      ': array "x": its 2 bytes are no array of shape [-1, -2]. Download it again.',
    ],
    [
      "a long name",
      matFile(matrix({ name: "x".repeat(1025), values: uint8(1, 2) })),
      ": flags, dimensions or name have 1025 bytes, more than 1024. Download it again.",
    ],
    [
      "an array larger than any original",
      matFile(compressed(matrix({ dims: [1 << 15, (1 << 15) + 1], values: claim(2 ** 30 + 2 ** 15) }))),
      ': array "x": it has 1073774592 bytes; at most 1073741824 are allowed. Download it again.',
    ],
    [
      "an array that its file cannot hold",
      matFile(compressed(matrix({ dims: [1, 2 ** 20], values: claim(2 ** 20) }))),
      " ends before what its header says. It is cut short; download it again.",
    ],
    [
      "bytes behind the numbers",
      matFile(matrix({ values: Buffer.concat([uint8(1, 2), uint8(3)]) })),
      " has more bytes than its header says. Download it again.",
    ],
  ])("is refused: %s", async (_, bytes, message) => {
    await expect(read(bytes)).rejects.toMatchObject({ name: "FileError", message: `${path}${message}` });
  });

  it("is refused: one that is missing", async () => {
    const missing = join(folder, "b.mat");
    await expect(readMatFile(missing, ["x"])).rejects.toThrow(`${missing}: there is no such file.`);
  });
});

/** A tag that says how many numbers follow, where none do. */
function claim(bytes: number): Buffer {
  const tag = element(2, Buffer.alloc(0));
  tag.writeUInt32LE(bytes, 4);
  return tag;
}
