import { describe, expect, it } from "vitest";
import { FileError } from "../errors.ts";
import { parseCsv } from "./parse-csv.ts";

const cells = (text: string) => parseCsv(text, "a.csv").map((row) => row.cells);

describe("parseCsv", () => {
  it.each<[string, string[][]]>([
    ["", []],
    [
      "a,b\n1,2",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    [
      "a,b\r\n1,2\r\n",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    [
      "a,b\r1,2\r",
      [
        ["a", "b"],
        ["1", "2"],
      ],
    ],
    ["a\n\n\nb\n", [["a"], ["b"]]],
    [
      "a,\n,b",
      [
        ["a", ""],
        ["", "b"],
      ],
    ],
    [",", [["", ""]]],
    ['"a,b","c ""d"" e"\n', [["a,b", 'c "d" e']]],
    ['"two\r\nlines",x', [["two\r\nlines", "x"]]],
    ['"",""', [["", ""]]],
    [" a , b ", [[" a ", " b "]]],
    ["é,ß\n", [["é", "ß"]]],
  ])("reads %j", (text, rows) => {
    expect(cells(text)).toEqual(rows);
  });

  it("counts lines, also inside quotes", () => {
    expect(parseCsv('a\n"b\nc"\n\nd', "a.csv").map(({ line }) => line)).toEqual([1, 2, 5]);
  });

  const quotes = 'Quotes go around a whole cell, and "" is one inside.';
  it.each([
    ['a\n"b', 2],
    ['a"b"', 1],
    ['"a"b', 1],
    ['x\ny\n"a" ,b', 3],
  ])("refuses %j", (text, line) => {
    expect(() => cells(text)).toThrow(
      new FileError(`a.csv, line ${line}: a quote is open or out of place. ${quotes}`),
    );
  });

  it("survives a quote that never closes over a large file", () => {
    expect(() => cells(`"${"x,\n".repeat(3_000_000)}`)).toThrow(FileError);
    expect(cells("x".repeat(9_000_000))).toHaveLength(1);
  });
});
