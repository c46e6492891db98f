/** TFRecord files and examples as TensorFlow writes them; `parity/vtab/make_dmlab.py` makes the file. */

import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  bytesOf,
  integerOf,
  listOf,
  parseTfExample,
  type TfExample,
  textOf,
} from "../../scripts/vtab/tf-example.ts";
import { eachTfRecord, readTfRecord, type TfRecord } from "../../scripts/vtab/tf-record.ts";
import { FileError } from "../../src/errors.ts";
import { maskedCrc32c } from "../../src/formats/crc32.ts";
import { bytes, encode, type Field, float, int, message } from "../../src/formats/protobuf.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { standInOf } from "./stand-in.ts";

const golden = join(standInOf("dmlab"), "features.tfrecord");
const folder = temporaryFolder("tf-record");

async function recordsOf(path: string): Promise<readonly TfRecord[]> {
  const records: TfRecord[] = [];
  await eachTfRecord(path, (record) => records.push(record));
  return records;
}

/** The golden file with its bytes changed. */
function changed(change: (bytes: Buffer<ArrayBuffer>) => Uint8Array | undefined): string {
  const path = join(folder, "changed.tfrecord");
  const copy = Buffer.from(readFileSync(golden));
  writeFileSync(path, change(copy) ?? copy);
  return path;
}

/** Writes a length with the checksum that belongs to it. */
function setLength(copy: Buffer<ArrayBuffer>, length: bigint): undefined {
  copy.writeBigUInt64LE(length);
  copy.writeUInt32LE(maskedCrc32c(copy.subarray(0, 8)), 8);
}

describe("a TFRecord file", () => {
  it("is read record by record, and again from a place", async () => {
    const records = await recordsOf(golden);
    expect(records).toHaveLength(2);
    for (const { place, data } of records) {
      expect(data).toHaveLength(place.length);
      expect(await readTfRecord(place)).toEqual(data);
    }
    expect(await recordsOf(changed(() => new Uint8Array()))).toEqual([]);
  });

  const damages: readonly (readonly [
    string,
    (copy: Buffer<ArrayBuffer>) => Uint8Array | undefined,
    string,
  ])[] = [
    ["a changed byte of data", (copy) => void copy.writeUInt8(1, 20), "does not match its checksum"],
    ["a changed length", (copy) => void copy.writeUInt8(1, 0), "the length of a record does not match"],
    ["an end inside a head", (copy) => copy.subarray(0, 5), "the file ends at byte 5, 12 are needed"],
    ["no checksum at the end", (copy) => copy.subarray(0, -1), "It is cut short; get it again."],
    ["a length of 2^62", (copy) => setLength(copy, 2n ** 62n), "should have 4611686018427387904 bytes"],
    ["another kind of file", () => Buffer.from("<!DOCTYPE html><html>"), "or no TFRecord file; get it again"],
  ];
  it.each(damages)("is refused with %s", async (_, change, problem) => {
    const path = changed(change);
    const read = recordsOf(path);
    await expect(read).rejects.toBeInstanceOf(FileError);
    await expect(read).rejects.toThrow(path);
    await expect(read).rejects.toThrow(problem);
  });

  it("is refused with a record of more than an image", async () => {
    const path = changed((copy) => setLength(copy, 2n ** 28n + 1n));
    truncateSync(path, 2 ** 28 + 100);
    await expect(recordsOf(path)).rejects.toThrow("has 268435457 bytes; 268435456 at most are read.");
  });

  it("is an InputError where there is none", async () => {
    await expect(recordsOf(join(folder, "none"))).rejects.toThrow(
      `${join(folder, "none")}: there is no such file.`,
    );
  });
});

describe("an example", () => {
  const first = async (): Promise<TfExample> => {
    const [record] = await recordsOf(golden);
    return parseTfExample({ bytes: record?.data ?? new Uint8Array(), where: "here" });
  };

  it("has every kind of feature that TensorFlow writes", async () => {
    const { features } = await first();
    const values = (name: string) => features.get(name)?.values;
    expect(values("bytes")?.map((value) => [...(value as Uint8Array)])).toEqual([
      [],
      [0, 255],
      [...Buffer.from("grün")],
    ]);
    expect(values("floats")).toEqual([0, -1.5, Math.fround(3.25e20)]);
    expect(values("integers")).toEqual([0n, -1n, 300n, 2n ** 53n, -(2n ** 63n)]);
    expect(values("no bytes")).toEqual([]);
    expect([...features.keys()].sort()).toEqual(["bytes", "floats", "integers", "no bytes", "one"]);
  });

  it("may be empty", async () => {
    const [, record] = await recordsOf(golden);
    for (const bytes of [record?.data, new Uint8Array()])
      expect(parseTfExample({ bytes: bytes ?? Uint8Array.of(1), where: "" }).features.size).toBe(0);
  });

  it("gives the one value of a feature, and says what is there instead", async () => {
    const example = await first();
    expect(integerOf(example, "one")).toBe(5);
    expect(listOf(example, { name: "floats", kind: "floats" })).toHaveLength(3);
    expect(() => integerOf(example, "integers")).toThrow(
      "here: the feature integers has 5 values; one was expected.",
    );
    expect(() => bytesOf(example, "no bytes")).toThrow(
      "here: the feature no bytes has 0 values; one was expected.",
    );
    expect(() => textOf(example, "one")).toThrow(
      "here: the feature one is a list of integers; a list of bytes was expected.",
    );
    expect(() => textOf(example, "two")).toThrow(
      "here: the feature two is missing; there are bytes, floats, integers, no bytes, one; a list of bytes",
    );
  });

  const exampleOf = (...feature: readonly Field[]) =>
    parseTfExample({
      bytes: encode([message(1, [message(1, [bytes(1, Buffer.from("it")), message(2, feature)])])]),
      where: "here",
    });

  it("may have a field for each number, as older writers do", () => {
    const integers = exampleOf(message(3, [int(1, 7), int(1, -3)])).features.get("it");
    expect(integers).toEqual({ kind: "integers", values: [7n, -3n] });
    const floats = exampleOf(message(2, [float(1, 0.5), float(1, 2)])).features.get("it");
    expect(floats).toEqual({ kind: "floats", values: [0.5, 2] });
  });

  it("refuses an integer that is no exact number", () => {
    expect(() => integerOf(exampleOf(message(3, [int(1, 2n ** 53n)])), "it")).toThrow(
      "here: the feature it is 9007199254740992, which is too large a number.",
    );
  });

  it.each([
    ["a length beyond its end", [0x0a, 0x7f], "a field should have 127 bytes, 0 are left"],
    ["a length of 2^63", [0x0a, ...Array(9).fill(0x80), 1], "a field should have 9223372036854775808 bytes"],
    ["an integer without an end", Array(11).fill(0x80), "an integer does not end"],
    ["an integer cut short", [0x08, 0x80], "an integer does not end"],
    ["an unknown wire type", [0x0b], "a field has the wire type 3; 0, 1, 2 and 5 are known"],
  ])("is refused with %s", (_, data, problem) => {
    const parse = () => parseTfExample({ bytes: Uint8Array.from(data), where: "here" });
    expect(parse).toThrow(FileError);
    expect(parse).toThrow(`here: ${problem}`);
  });
});
