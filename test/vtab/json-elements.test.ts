/** Elements of a JSON array, read in chunks. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readElements } from "../../scripts/vtab/json-elements.ts";
import { FileError, InputError } from "../../src/errors.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const path = join(temporaryFolder("json elements"), "scenes.json");

async function read(text: string): Promise<unknown[]> {
  writeFileSync(path, text);
  return all(path);
}

async function all(from: string): Promise<unknown[]> {
  const elements: unknown[] = [];
  for await (const element of readElements(from, "scenes")) elements.push(element);
  return elements;
}

describe("elements", () => {
  it.each([
    [{ scenes: [] }],
    [{ scenes: [{}] }],
    [{ scenes: [{ a: [{ b: "}]" }] }, { c: 'a "quoted\\' }], after: [{}] }],
    [{ other: "scenes", before: [{ d: 1 }], info: { scenes: [{ e: 1 }] }, scenes: [{ f: "ü" }, {}] }],
  ])("are those of the key: %j", async (value) => {
    expect(await read(JSON.stringify(value))).toEqual(value.scenes);
    expect(await read(JSON.stringify(value, null, 2))).toEqual(value.scenes);
  });

  it("may go over the ends of chunks", async () => {
    // Chunks have 256 KiB; every fourth element of these crosses an end, in names and in escapes.
    const scenes = Array.from({ length: 40 }, (_, index) => ({
      index,
      text: '\\"ü]}'.repeat(9_000 + index),
    }));
    expect(await read(JSON.stringify({ info: "x".repeat(300_000), scenes }))).toEqual(scenes);
  });
});

describe("a file that is damaged", () => {
  it.each([
    ["", " ends before its scenes do. It is cut short; extract it again."],
    ['{"scenes": [{"a": 1}, {"b"', " ends before its scenes do. It is cut short; extract it again."],
    ['{"scenes": [{"a": 1}', " ends before its scenes do. It is cut short; extract it again."],
    ['{"scene": [{"a": 1}]}', " ends before its scenes do. It is cut short; extract it again."],
    ['{"scenes": {"a": 1}}', " ends before its scenes do. It is cut short; extract it again."],
    ['{"scenes": [{"a": 1}, 2]}', ": its scenes are not a list of objects. It is damaged; extract it again."],
    ['{"scenes": [["a"]]}', ": its scenes are not a list of objects. It is damaged; extract it again."],
    ['{"scenes": ["a"]}', ": its scenes are not a list of objects. It is damaged; extract it again."],
    [
      `{"scenes": [{"a": "${"x".repeat(2 ** 20)}"}]}`,
      ": a part of its scenes has more than 1,048,576 bytes. It is damaged; extract it again.",
    ],
  ])("is refused: $0", async (text, message) => {
    await expect(read(text)).rejects.toThrow(new FileError(`${path}${message}`));
  });

  it("is refused with the element that is no JSON", async () => {
    await expect(read('{"scenes": [{"a": 1}, {"b": }]}')).rejects.toThrow(
      `${path}: element 1 of scenes is not JSON`,
    );
  });

  it("or is missing", async () => {
    const missing = `${path}.missing`;
    await expect(all(missing)).rejects.toThrow(new InputError(`${missing}: there is no such file.`));
  });
});
