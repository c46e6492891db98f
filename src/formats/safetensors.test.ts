import { mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { mutate } from "../../test/mutations.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { FileError, GraphError, InputError } from "../errors.ts";
import { readJson } from "../files/read-json.ts";
import { readNpz } from "./npz.ts";
import { readSafetensors, readTensor, writeSafetensors } from "./safetensors.ts";
import { readWeight } from "./weight-bytes.ts";

const folder = temporaryFolder("safetensors");

/** A file with the header `json` as written and `data` behind it. */
function file(name: string, json: unknown, data: Uint8Array = new Uint8Array(0)): string {
  const path = join(folder, name);
  const text = Buffer.from(typeof json === "string" ? json : JSON.stringify(json));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  writeFileSync(path, Buffer.concat([length, text, data]));
  return path;
}

const raw = (name: string, bytes: Uint8Array): string => {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
};

const tensors = new Map([
  ["b", { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6.5) }],
  ["a", { shape: [], data: Float32Array.of(-7) }],
  ["empty", { shape: [0, 4], data: new Float32Array(0) }],
]);

describe("writeSafetensors", () => {
  it("writes what readSafetensors reads, in order and with its metadata", async () => {
    const path = join(folder, "round.safetensors");
    await writeSafetensors(path, tensors, { format: "pt" });
    const read = await readSafetensors(path);
    expect([...read.tensors.keys()]).toEqual(["b", "a", "empty"]);
    expect([...read.metadata]).toEqual([["format", "pt"]]);
    for (const [name, tensor] of tensors) expect(await readTensor(read, name)).toEqual(tensor);
  });

  it("begins the data at a multiple of 8", async () => {
    for (const name of ["a", "ab", "abc", "abcdefg"]) {
      const path = join(folder, "padded.safetensors");
      await writeSafetensors(path, new Map([[name, { shape: [1], data: Float32Array.of(1) }]]));
      expect((await readSafetensors(path)).tensors.get(name)?.offset).toSatisfy((at: number) => at % 8 === 0);
    }
  });

  it("copies ranges of other files", async () => {
    const from = join(folder, "round.safetensors");
    const b = (await readSafetensors(from)).tensors.get("b");
    const stored = { shape: [3], path: from, offset: (b?.offset ?? 0) + 12 };
    const path = join(folder, "copied.safetensors");
    await writeSafetensors(path, new Map([["row", stored]]));
    const row = await readTensor(await readSafetensors(path), "row");
    expect([...row.data]).toEqual([4, 5, 6.5]);
    expect(await readWeight(stored)).toEqual(row);
  });

  it("refuses a shape that its numbers do not fill", async () => {
    const wrong = new Map([["w", { shape: [2], data: new Float32Array(3) }]]);
    await expect(writeSafetensors(join(folder, "wrong.safetensors"), wrong)).rejects.toThrow(
      new GraphError('writeSafetensors: "w" has 3 numbers, its shape [2] needs 2.'),
    );
  });

  it("leaves nothing when a range ends early", async () => {
    const at = join(folder, "none");
    mkdirSync(at);
    const stored = { shape: [1000], path: join(folder, "round.safetensors"), offset: 16 };
    const size = readFileSync(stored.path).length;
    await expect(writeSafetensors(join(at, "x.safetensors"), new Map([["w", stored]]))).rejects.toThrow(
      new FileError(
        `${stored.path}: the file ends at byte ${size}, 4016 are needed. It is cut short; get it again.`,
      ),
    );
    expect(readdirSync(at)).toEqual([]);
  });
});

describe("readTensor", () => {
  it.each([
    ["F32", Buffer.from(Float32Array.of(1.5, -2).buffer)],
    ["F64", Buffer.from(Float64Array.of(1.5, -2).buffer)],
    ["F16", Buffer.from(Uint16Array.of(0x3e00, 0xc000).buffer)],
    ["BF16", Buffer.from(Uint16Array.of(0x3fc0, 0xc000).buffer)],
  ])("reads %s as float32", async (dtype, data) => {
    const path = file(
      "types.safetensors",
      { w: { dtype, shape: [2], data_offsets: [0, data.length] } },
      data,
    );
    expect([...(await readTensor(await readSafetensors(path), "w")).data]).toEqual([1.5, -2]);
  });

  it("knows the subnormal, infinite and missing numbers of half precision", async () => {
    const halves = Uint16Array.of(0x0001, 0x03ff, 0x8000, 0x7bff, 0x7c00, 0xfc00, 0x7e00);
    const header = { w: { dtype: "F16", shape: [7], data_offsets: [0, 14] } };
    const path = file("halves.safetensors", header, Buffer.from(halves.buffer));
    expect([...(await readTensor(await readSafetensors(path), "w")).data]).toEqual([
      2 ** -24,
      1023 * 2 ** -24,
      -0,
      65504,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
    ]);
  });

  it("refuses whole numbers and unknown names", async () => {
    const path = file(
      "whole.safetensors",
      { n: { dtype: "I64", shape: [1], data_offsets: [0, 8] } },
      Buffer.alloc(8),
    );
    const read = await readSafetensors(path);
    await expect(readTensor(read, "n")).rejects.toThrow(
      new FileError(`${path}: tensor "n" has dtype I64; weights are F32, F16, BF16 or F64.`),
    );
    await expect(readTensor(read, "m")).rejects.toThrow(new FileError(`${path}: there is no tensor "m".`));
  });
});

const lfsPointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${"a".repeat(64)}\nsize 2833080\n`;

describe("a text that stands for a file", () => {
  it.each([
    ["pointer.safetensors", (path: string) => readSafetensors(path)],
    ["pointer.npz", (path: string) => readNpz(path)],
    ["pointer.json", (path: string) => readJson(path)],
  ])("is told from damage: %s", async (name, read) => {
    const path = raw(name, Buffer.from(lfsPointer));
    await expect(read(path)).rejects.toThrow(
      new FileError(
        `${path} is a Git LFS pointer, a short text that stands for the real file. Run git lfs pull where it was cloned.`,
      ),
    );
  });
});

describe("JSON that is nested deeply", () => {
  const deep = (open: string, close: string) => `${open.repeat(20_000)}1${close.repeat(20_000)}`;
  it.each([
    ["lists", deep("[", "]")],
    ["objects", deep('{"a":', "}")],
    ["lists behind a text with a quote", `["\\"", ${deep("[", "]")}]`],
    ["lists that never end", "[".repeat(20_000)],
  ])("is refused before it is read: %s", async (_, json) => {
    const header = file("deep.safetensors", `{"a":${json}}`);
    await expect(readSafetensors(header)).rejects.toThrow(
      new FileError(
        `${header}: the header is nested more than 64 levels deep, so this is not a safetensors file, or it is damaged.`,
      ),
    );
    const config = raw("deep.json", Buffer.from(json));
    await expect(readJson(config)).rejects.toThrow(
      new FileError(`${config}: its JSON is nested more than 64 levels deep.`),
    );
  });

  it.each([
    ["lists", `[${"[],".repeat(2 ** 20)}[]]`],
    ["numbers", `[${"0,".repeat(2 ** 21)}0]`],
    ["names", `{${'"a":0,'.repeat(2 ** 21)}"b":0}`],
  ])("is refused as well where it makes millions of values: %s", async (_, json) => {
    const header = file("many.safetensors", `{"a":${json}}`);
    await expect(readSafetensors(header)).rejects.toThrow(
      new FileError(
        `${header}: the header is made of more than 2097152 values, so this is not a safetensors file, or it is damaged.`,
      ),
    );
    const config = raw("many.json", Buffer.from(json));
    await expect(readJson(config)).rejects.toThrow(
      new FileError(`${config}: its JSON is made of more than 2097152 values.`),
    );
  });

  it("may make as many values as the longest list, whatever is inside of texts", async () => {
    const path = raw(
      "commas.json",
      Buffer.from(`[${"0,".repeat(2 ** 21 - 2)}${JSON.stringify(",".repeat(99))}]`),
    );
    expect(await readJson(path)).toHaveLength(2 ** 21 - 1);
  });

  it("is not counted inside of texts", async () => {
    const path = raw("brackets.json", Buffer.from(JSON.stringify(["[".repeat(100), '\\"{'.repeat(100)])));
    expect(await readJson(path)).toHaveLength(2);
    const most = raw("most.json", Buffer.from(`${"[".repeat(64)}${"]".repeat(64)}`));
    expect(await readJson(most)).toHaveLength(1);
  });
});

describe("readSafetensors", () => {
  it("follows symbolic links, which the engine would refuse", async () => {
    const link = join(folder, "link.safetensors");
    symlinkSync(join(folder, "round.safetensors"), link);
    expect((await readSafetensors(link)).path).toBe(realpathSync(join(folder, "round.safetensors")));
  });

  it("refuses what is not a file", async () => {
    const missing = join(folder, "missing.safetensors");
    await expect(readSafetensors(missing)).rejects.toThrow(
      new InputError(`${missing}: there is no such file.`),
    );
    await expect(readSafetensors(folder)).rejects.toThrow(new FileError(`${folder} is not a regular file.`));
  });

  const entry = (change: object = {}) => ({ dtype: "F32", shape: [2], data_offsets: [0, 8], ...change });
  const eight = Buffer.alloc(8);
  const start = (length: bigint) => {
    const bytes = Buffer.alloc(64);
    bytes.writeBigUInt64LE(length);
    return bytes;
  };
  const known = "BOOL, U8, I8, F8_E4M3, F8_E5M2, U16, I16, F16, BF16, U32, I32, F32, U64, I64, F64";

  it.each<[string, () => string, string]>([
    [
      "empty",
      () => raw("x", eight.subarray(0, 0)),
      "X: the file has 0 bytes; a safetensors file begins with 8 bytes of length.",
    ],
    [
      "tiny",
      () => raw("x", eight.subarray(1)),
      "X: the file has 7 bytes; a safetensors file begins with 8 bytes of length.",
    ],
    [
      "a huge header",
      () => raw("x", start(100_000_001n)),
      "X: the header claims 100000001 bytes; at most 100000000 are allowed. This is not a safetensors file, or it is damaged.",
    ],
    [
      "an impossible header",
      () => raw("x", start(2n ** 64n - 1n)),
      "X: the header claims 18446744073709551615 bytes; at most 100000000 are allowed. This is not a safetensors file, or it is damaged.",
    ],
    [
      "a header beyond the end",
      () => raw("x", start(57n)),
      "X: the header claims 57 bytes, the file has 64. It is cut short; get it again.",
    ],
    [
      "no JSON",
      () => file("x", "{"),
      "X: the header is not JSON, so this is not a safetensors file, or it is damaged.",
    ],
    [
      "an empty header",
      () => file("x", ""),
      "X: the header is not JSON, so this is not a safetensors file, or it is damaged.",
    ],
    ["a list", () => file("x", "[1]"), "X: the header must be a JSON object, got [1]."],
    ["null", () => file("x", "null"), "X: the header must be a JSON object, got null."],
    [
      "a list too deep to print",
      () => file("x", `${"[".repeat(50_000)}${"]".repeat(50_000)}`),
      "X: the header is nested more than 64 levels deep, so this is not a safetensors file, or it is damaged.",
    ],
    [
      "the same name twice",
      () => file("x", `{"w":${JSON.stringify(entry())}, "\\u0077" :${JSON.stringify(entry())}}`, eight),
      'X: the header names "w" twice.',
    ],
    [
      "metadata of numbers",
      () => file("x", { __metadata__: { a: 1 } }),
      'X: "__metadata__" must map names to strings, got {"a":1}.',
    ],
    [
      "metadata as a list",
      () => file("x", { __metadata__: ["a"] }),
      'X: "__metadata__" must map names to strings, got ["a"].',
    ],
    [
      "a tensor that is a number",
      () => file("x", { w: 3 }),
      'X: tensor "w" must be described by an object, got 3.',
    ],
    [
      "an unknown type",
      () => file("x", { w: entry({ dtype: "F12" }) }, eight),
      `X: tensor "w" has dtype "F12"; known are ${known}.`,
    ],
    [
      "an inherited type",
      () => file("x", { w: entry({ dtype: "toString" }) }, eight),
      `X: tensor "w" has dtype "toString"; known are ${known}.`,
    ],
    [
      "no type",
      () => file("x", { w: { shape: [], data_offsets: [0, 4] } }),
      `X: tensor "w" has dtype nothing; known are ${known}.`,
    ],
    [
      "a negative size",
      () => file("x", { w: entry({ shape: [-2] }) }, eight),
      'X: tensor "w" has shape [-2]; a list of at most 16 whole numbers is needed.',
    ],
    [
      "a broken size",
      () => file("x", { w: entry({ shape: [0.5] }) }, eight),
      'X: tensor "w" has shape [0.5]; a list of at most 16 whole numbers is needed.',
    ],
    [
      "a size as text",
      () => file("x", { w: entry({ shape: ["2"] }) }, eight),
      'X: tensor "w" has shape ["2"]; a list of at most 16 whole numbers is needed.',
    ],
    [
      "too many axes",
      () => file("x", { w: entry({ shape: Array(17).fill(1) }) }, eight),
      'X: tensor "w" has shape [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]; a list of at most 16 whole numbers is needed.',
    ],
    [
      "a shape too large to count",
      () => file("x", { w: entry({ shape: [2 ** 50, 2 ** 50] }) }, eight),
      'X: tensor "w" has shape [1125899906842624, 1125899906842624] of F32, 5.070602400912918e+30 bytes, but data_offsets span 8.',
    ],
    [
      "no offsets",
      () => file("x", { w: { dtype: "F32", shape: [2] } }, eight),
      'X: tensor "w" has data_offsets nothing; [begin, end] in bytes is needed.',
    ],
    [
      "three offsets",
      () => file("x", { w: entry({ data_offsets: [0, 8, 16] }) }, eight),
      'X: tensor "w" has data_offsets [0,8,16]; [begin, end] in bytes is needed.',
    ],
    [
      "offsets backwards",
      () => file("x", { w: entry({ data_offsets: [8, 0] }) }, eight),
      'X: tensor "w" has data_offsets [8,0]; [begin, end] in bytes is needed.',
    ],
    [
      "a negative offset",
      () => file("x", { w: entry({ data_offsets: [-8, 0] }) }, eight),
      'X: tensor "w" has data_offsets [-8,0]; [begin, end] in bytes is needed.',
    ],
    [
      "a span that is not the shape's",
      () => file("x", { w: entry({ data_offsets: [0, 4] }) }, eight),
      'X: tensor "w" has shape [2] of F32, 8 bytes, but data_offsets span 4.',
    ],
    [
      "an overlap",
      () => file("x", { v: entry(), w: entry({ data_offsets: [4, 12] }) }, Buffer.alloc(12)),
      'X: tensor "w" begins at byte 4 of the data, but the one before it ends at 8.',
    ],
    [
      "a hole",
      () => file("x", { v: entry(), w: entry({ data_offsets: [12, 20] }) }, Buffer.alloc(20)),
      'X: tensor "w" begins at byte 12 of the data, but the one before it ends at 8.',
    ],
    [
      "data cut short",
      () => file("x", { w: entry() }, eight.subarray(1)),
      "X: the header promises 8 bytes of data, the file has 7. It is cut short; get it again.",
    ],
    [
      "data too long",
      () => file("x", { w: entry() }, Buffer.alloc(9)),
      "X: the header describes 8 bytes of data, the file has 9.",
    ],
  ])("says what is wrong with a damaged file: %s", async (_, make, message) => {
    const path = make();
    await expect(readSafetensors(path)).rejects.toThrow(new FileError(message.replace("X", path)));
  });

  it("meets any damage with a FileError", async () => {
    const good = readFileSync(join(folder, "round.safetensors"));
    let refused = 0;
    for (let round = 0; round < 400; round++) {
      const path = raw("mutated.safetensors", mutate(good, { round, headerBytes: good.length - 28 }));
      try {
        const read = await readSafetensors(path);
        for (const name of read.tensors.keys()) await readTensor(read, name);
      } catch (error) {
        if (!(error instanceof FileError)) throw new Error(`round ${round}`, { cause: error });
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(300);
  });
});
