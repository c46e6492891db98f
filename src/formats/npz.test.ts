import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { mutate } from "../../test/mutations.ts";
import { npyBytes, npyOf, npzBytes, numberBytes } from "../../test/npz-bytes.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { FileError, InputError } from "../errors.ts";
import { crc32 } from "./crc32.ts";
import { float32Bytes } from "./float-types.ts";
import { readNpz, readNpzArray } from "./npz.ts";
import type { Tensor } from "./tensor.ts";

const folder = temporaryFolder("npz");

const write = (bytes: Uint8Array, name = "x.npz"): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};

const matrix: Tensor = { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, -6.5) };
const long: Tensor = {
  shape: [70_000],
  data: Float32Array.from({ length: 70_000 }, (_, i) => (i % 251) / 4),
};
const arrays = new Map([
  ["a/b", matrix],
  ["scalar", { shape: [], data: Float32Array.of(2) }],
  ["long", long],
]);

/** Changes a zip with one change at `at`; negative counts from the end. */
const patched = (bytes: Uint8Array, at: number, values: readonly number[]): Uint8Array => {
  const copy = Uint8Array.from(bytes);
  copy.set(values, at < 0 ? copy.length + at : at);
  return copy;
};

/** Where the directory of a zip begins. */
const directoryOf = (bytes: Uint8Array): number => Buffer.from(bytes).readUInt32LE(bytes.length - 6);

describe("crc32", () => {
  it("gives the checksum that every description of it names", () => {
    expect(crc32(Buffer.from("123456789"))).toBe(0xcbf43926);
    expect(crc32(Buffer.from("6789"), crc32(Buffer.from("12345")))).toBe(0xcbf43926);
  });
});

describe("readNpzArray", () => {
  it.each([
    [{}],
    [{ deflate: true }],
    [{ version: 2 as const }],
    [{ version: 3 as const, deflate: true }],
    [{ type: "<f8" as const }],
    [{ type: "<f2" as const }],
    [{ type: "|V2" as const, deflate: true }],
  ])("reads what NumPy writes: %o", async (options) => {
    const file = await readNpz(write(npzBytes(arrays, options)));
    expect([...file.arrays.keys()]).toEqual(["a/b", "scalar", "long"]);
    expect(file.arrays.get("a/b")?.shape).toEqual([2, 3]);
    for (const [name, tensor] of arrays) {
      const read = await readNpzArray(file, name);
      expect(read.shape).toEqual(tensor.shape);
      expect(Buffer.compare(float32Bytes(read.data), float32Bytes(tensor.data))).toBe(0);
    }
  });

  it("turns column-major arrays round", async () => {
    // [[[1, 2], [3, 4], [5, 6]]] of shape [1, 3, 2]: columns first, 1 3 5 2 4 6
    const transposed = { shape: [1, 3, 2], data: Float32Array.of(1, 3, 5, 2, 4, 6) };
    const file = await readNpz(write(npzBytes(new Map([["w", transposed]]), { columnMajor: true })));
    expect([...(await readNpzArray(file, "w")).data]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it("passes over what is not an array, and refuses it by name", async () => {
    const object = npyOf("{'descr': '|O', 'fortran_order': False, 'shape': (), }", Buffer.from("pickle"));
    const path = write(zipSync({ "readme.txt": Buffer.from("hello"), "o.npy": object }));
    const file = await readNpz(path);
    expect([...file.arrays.keys()]).toEqual(["o"]);
    await expect(readNpzArray(file, "o")).rejects.toThrow(
      new FileError(`${path}: array "o" has type "|O"; weights are "<f4", "<f8", "<f2" or bfloat16.`),
    );
    await expect(readNpzArray(file, "p")).rejects.toThrow(new FileError(`${path}: there is no array "p".`));
  });

  it("reads a zip64 directory", async () => {
    const plain = Buffer.from(npzBytes(new Map([["w", matrix]])));
    const start = directoryOf(plain);
    const record = plain.subarray(start, plain.length - 22);
    // The directory record with all three numbers in its zip64 field, and the two zip64 end records.
    const extra = Buffer.alloc(28);
    extra.writeUInt16LE(1, 0);
    extra.writeUInt16LE(24, 2);
    extra.writeBigUInt64LE(BigInt(record.readUInt32LE(24)), 4);
    extra.writeBigUInt64LE(BigInt(record.readUInt32LE(20)), 12);
    extra.writeBigUInt64LE(BigInt(record.readUInt32LE(42)), 20);
    const wide = Buffer.from(record);
    for (const at of [20, 24, 42]) wide.writeUInt32LE(0xffffffff, at);
    wide.writeUInt16LE(extra.length, 30);
    const directory = Buffer.concat([wide, extra]);
    const end64 = Buffer.alloc(56);
    end64.writeUInt32LE(0x06064b50, 0);
    end64.writeBigUInt64LE(1n, 32);
    end64.writeBigUInt64LE(BigInt(directory.length), 40);
    end64.writeBigUInt64LE(BigInt(start), 48);
    const locator = Buffer.alloc(20);
    locator.writeUInt32LE(0x07064b50, 0);
    locator.writeBigUInt64LE(BigInt(start + directory.length), 8);
    const end = Buffer.from(plain.subarray(-22));
    end.writeUInt32LE(0xffffffff, 16);
    const path = write(Buffer.concat([plain.subarray(0, start), directory, end64, locator, end]));
    expect((await readNpzArray(await readNpz(path), "w")).data).toEqual(matrix.data);
    const lost = write(Buffer.concat([plain.subarray(0, start), directory, end]));
    await expect(readNpz(lost)).rejects.toThrow(new FileError(`${lost}: the zip directory is damaged.`));
  });
});

describe("readNpz", () => {
  const one = npzBytes(new Map([["w", matrix]]));
  const dense = npzBytes(new Map([["w", long]]), { deflate: true });
  const at = directoryOf(one);
  const header = (dict: string, bytes = 24) =>
    zipSync({ "w.npy": npyOf(dict, new Uint8Array(bytes)) }, { level: 0 });
  const entry = 'X: entry "w.npy"';
  const array = 'X: array "w.npy"';

  it("refuses what is not there", async () => {
    const path = join(folder, "missing.npz");
    await expect(readNpz(path)).rejects.toThrow(new InputError(`${path}: there is no such file.`));
  });

  it.each<[string, () => Uint8Array, string]>([
    ["nothing", () => new Uint8Array(0), "X: this is not a zip file, or it is cut short; get it again."],
    [
      "another kind of file",
      () => Buffer.from("hello, I am a text"),
      "X: this is not a zip file, or it is cut short; get it again.",
    ],
    [
      "cut short",
      () => one.subarray(0, one.length - 30),
      "X: this is not a zip file, or it is cut short; get it again.",
    ],
    [
      "a directory beyond the end",
      () => patched(one, -6, [0xff, 0xff, 0xff, 0x00]),
      "X: the zip directory lies outside the file.",
    ],
    [
      "a huge directory",
      () => patched(one, -10, [0, 0, 0, 0x7f]),
      "X: the zip directory claims 2130706432 bytes; at most 16777216 are allowed.",
    ],
    [
      "more entries than the directory holds",
      () => patched(one, -12, [9, 0]),
      "X: the zip directory is damaged.",
    ],
    ["a directory record that is none", () => patched(one, at, [0]), "X: the zip directory is damaged."],
    [
      "a name beyond the directory",
      () => patched(one, at + 28, [0xff, 0xff]),
      "X: the zip directory is damaged.",
    ],
    ["encryption", () => patched(one, at + 8, [1]), `${entry} is encrypted.`],
    [
      "an unknown compression",
      () => patched(one, at + 10, [12]),
      `${entry} uses compression method 12; stored (0) and deflated (8) can be read.`,
    ],
    [
      "a stored size that differs",
      () => patched(one, at + 24, [0, 1]),
      `${entry} claims that 152 bytes hold 256; it is damaged.`,
    ],
    [
      "a bomb",
      () => patched(dense, directoryOf(dense) + 24, [0, 0, 0, 0x7f]),
      `${entry} claims that SIZE bytes hold 2130706432; it is damaged.`,
    ],
    ["no local header", () => patched(one, 0, [0]), `${entry} has no local header; it is damaged.`],
    [
      "an entry beyond the directory",
      () => patched(one, at + 42, [0xff, 0xff]),
      `${entry} lies outside the file, or reaches into the next entry.`,
    ],
    [
      "a local name beyond the directory",
      () => patched(one, 26, [0xff, 0xff]),
      `${entry} lies outside the file, or reaches into the next entry.`,
    ],
    [
      "no array",
      () => zipSync({ "w.npy": Buffer.from("hello, I am a text") }, { level: 0 }),
      `${array} is not a .npy array.`,
    ],
    [
      "an array without anything",
      () => zipSync({ "w.npy": new Uint8Array(0) }, { level: 0 }),
      `${array} is not a .npy array.`,
    ],
    [
      "a later version",
      () => zipSync({ "w.npy": patched(npyBytes(matrix), 6, [4]) }, { level: 0 }),
      `${array} is a .npy array of version 4; 1, 2 and 3 are known.`,
    ],
    [
      "a huge header",
      () => zipSync({ "w.npy": patched(npyBytes(matrix), 8, [0xff, 0xff]) }, { level: 0 }),
      `${array}: the header claims 65545 bytes; at most 10000 are allowed.`,
    ],
    [
      "a header beyond the array",
      () => zipSync({ "w.npy": patched(npyBytes(matrix), 8, [0xff, 0]) }, { level: 0 }),
      `${array} ends inside its header.`,
    ],
    [
      "no dict",
      () => header("['descr']"),
      `${array} has the header "['descr']"; type, order and shape are needed.`,
    ],
    [
      "a structured type",
      () => header("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,), }"),
      `${array} has the header "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,), }"; type, order and shape are needed.`,
    ],
    [
      "a negative size",
      () => header("{'descr': '<f4', 'fortran_order': False, 'shape': (-6,), }"),
      `${array} has the header "{'descr': '<f4', 'fortran_order': False, 'shape': (-6,), }"; type, order and shape are needed.`,
    ],
    [
      "a size too large to count",
      () => header("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,), }"),
      `${array} has shape (99999999999999999999,); at most 16 whole numbers are allowed.`,
    ],
    [
      "a shape that is not the bytes'",
      () => header("{'descr': '<f4', 'fortran_order': False, 'shape': (7,), }"),
      `${array} has shape [7] of <f4, but 24 bytes of numbers.`,
    ],
    [
      "a shape that claims much",
      () => header("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999, 99999999), }"),
      `${array} has shape [99999999, 99999999] of <f4, but 24 bytes of numbers.`,
    ],
  ])("says what is wrong with a damaged file: %s", async (_, make, message) => {
    const bytes = make();
    const path = write(bytes);
    const size = Buffer.from(dense).readUInt32LE(directoryOf(dense) + 20);
    const expected = message.replace("X", path).replace("SIZE", String(size));
    await expect(readNpz(path)).rejects.toThrow(new FileError(expected));
  });

  it("refuses the same name twice", async () => {
    const two = Buffer.from(zipSync({ "a.npy": npyBytes(matrix), "b.npy": npyBytes(matrix) }, { level: 0 }));
    const second = two.lastIndexOf("b.npy");
    two.write("a", second);
    const path = write(two);
    await expect(readNpz(path)).rejects.toThrow(new FileError(`${path}: entry "a.npy" is there twice.`));
  });

  /** A zip of two equal arrays, changed where the directory says that the second one is. */
  function twoArrays(change: (bytes: Buffer, second: number) => void): Uint8Array {
    const bytes = Buffer.from(
      npzBytes(
        new Map([
          ["a", matrix],
          ["b", matrix],
        ]),
      ),
    );
    change(bytes, bytes.indexOf("b.npy", directoryOf(bytes)) - 46);
    return bytes;
  }

  it.each<[string, (bytes: Buffer, second: number) => void, string]>([
    [
      "that are the same bytes",
      (bytes, second) => bytes.writeUInt32LE(0, second + 42),
      'X: entries "b.npy" and "a.npy" share bytes of the file; it is damaged.',
    ],
    [
      "of which one lies in the other",
      (bytes, second) => bytes.writeUInt32LE(60, second + 42),
      'X: entries "a.npy" and "b.npy" share bytes of the file; it is damaged.',
    ],
    [
      "of which one is moved into the other by its own header",
      (bytes) => bytes.writeUInt16LE(40, 28),
      'X: entry "a.npy" lies outside the file, or reaches into the next entry.',
    ],
  ])("refuses entries %s: a small file would hold any amount of data", async (_, change, message) => {
    const path = write(twoArrays(change));
    await expect(readNpz(path)).rejects.toThrow(new FileError(message.replace("X", path)));
  });

  it("refuses more bytes in all than any model has", async () => {
    const bytes = Buffer.from(
      npzBytes(new Map(Array.from({ length: 9 }, (_, i) => [`${i}`, long])), { deflate: true }),
    );
    for (let at = directoryOf(bytes), i = 0; i < 9; i++) {
      bytes.writeUInt32LE(5_000_000, at + 20);
      bytes.writeUInt32LE(4_000_000_000, at + 24);
      bytes.writeUInt32LE(i * 5_000_100, at + 42);
      at += 46 + bytes.readUInt16LE(at + 28);
    }
    const path = write(bytes);
    await expect(readNpz(path)).rejects.toThrow(
      new FileError(
        `${path}: the zip directory claims 36000000000 bytes in all; at most 34359738368 are allowed.`,
      ),
    );
  });

  it("finds damaged numbers by their checksum, and a stream that does not inflate", async () => {
    const flipped = write(patched(one, at - 4, [0x99]));
    await expect(readNpzArray(await readNpz(flipped), "w")).rejects.toThrow(
      new FileError(`${flipped}: entry "w.npy" fails its checksum; it is damaged. Get the file again.`),
    );
    const numbers = numberBytes(
      Float32Array.from({ length: 50_000 }, (_, i) => Math.sin(i)),
      "<f4",
    );
    const dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (50000,), }";
    const torn = Buffer.from(zipSync({ "w.npy": npyOf(dict, numbers) }, { level: 6 }));
    torn.fill(0xff, torn.length >> 1, (torn.length >> 1) + 400);
    const path = write(torn);
    await expect(readNpz(path).then((file) => readNpzArray(file, "w"))).rejects.toThrow(FileError);
  });

  it("refuses an entry that inflates to more than it claims", async () => {
    const numbers = new Uint8Array(280_000);
    const dict = "{'descr': '<f4', 'fortran_order': False, 'shape': (69999,), }";
    const bytes = Buffer.from(zipSync({ "w.npy": npyOf(dict, numbers) }, { level: 6 }));
    const at = directoryOf(bytes) + 24;
    const claimed = bytes.readUInt32LE(at) - 4;
    bytes.writeUInt32LE(claimed, at);
    const path = write(bytes);
    const failure = await readNpz(path)
      .then((file) => readNpzArray(file, "w"))
      .catch((error: unknown) => error);
    expect(failure).toEqual(
      new FileError(`${path}: entry "w.npy" is longer than the ${claimed} bytes it claims.`),
    );
  });

  it("meets any damage with a FileError", async () => {
    const small = new Map([
      ["w", matrix],
      ["v", { shape: [3], data: Float32Array.of(1, 2, 3) }],
    ]);
    let refused = 0;
    for (let round = 0; round < 400; round++) {
      const good = npzBytes(small, { deflate: round % 2 === 1 });
      const path = write(mutate(good, { round, headerBytes: good.length }));
      try {
        const file = await readNpz(path);
        for (const [name, { dtype }] of file.arrays) if (dtype !== undefined) await readNpzArray(file, name);
      } catch (error) {
        if (!(error instanceof FileError)) throw new Error(`round ${round}`, { cause: error });
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(250);
  });
});
