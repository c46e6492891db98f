import { describe, expect, it } from "vitest";
import { FileError } from "../errors.ts";
import { parseJsonList, parseTextList, whereIs } from "./list-files.ts";

const tooMany = (name: string) =>
  new FileError(`${name} has more than 2000000 rows, which is the limit for a list. Use a part of them.`);

describe("parseTextList", () => {
  it("counts lines", () => {
    const entries = [...parseTextList("a b.jpg 0\r\n\n\tc.jpg\t12", "t.txt")];
    expect(entries).toEqual([
      { file: "a b.jpg", label: "0", list: "t.txt", line: 1 },
      { file: "c.jpg", label: "12", list: "t.txt", line: 3 },
    ]);
    expect(entries.map(whereIs)).toEqual(["t.txt, line 1", "t.txt, line 3"]);
  });

  it("stops at a limit on rows, and is not filled by empty lines", () => {
    expect([...parseTextList("\n".repeat(20_000_000), "t.txt")]).toEqual([]);
    expect(() => {
      for (const _ of parseTextList("a 0\n".repeat(2_000_001), "t.txt"));
    }).toThrow(tooMany("t.txt"));
  });
});

describe("parseJsonList", () => {
  it.each([
    ["20,000 levels of lists", `{"a":${"[".repeat(20_000)}${"]".repeat(20_000)}}`],
    ["20,000 levels of objects", `{"a":${'{"b":'.repeat(20_000)}1${"}".repeat(20_000)}}`],
  ])("refuses %s", (_, text) => {
    expect(() => [...parseJsonList(text, "t.json")]).toThrow(
      new FileError("t.json: its JSON is nested more than 64 levels deep."),
    );
  });

  it.each(["[".repeat(3_000_000), `{"a":[${"0,".repeat(3_000_000)}0]}`])(
    "stops before millions of parts fill the memory",
    (text) => {
      expect(() => [...parseJsonList(text, "t.json")]).toThrow(tooMany("t.json"));
    },
  );
});
