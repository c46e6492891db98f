import { describe, expect, it } from "vitest";
import { FileError } from "../errors.ts";
import { parseCsv, type Separator } from "./parse-csv.ts";

const rowsOf = (text: string, separator?: Separator) => [
  ...parseCsv(text, { path: "a.csv", ...(separator && { separator }) }),
];
const cells = (text: string, separator?: Separator) => rowsOf(text, separator).map((row) => row.cells);

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

  it.each<[Separator, string]>([
    [";", 'a,b;"c;d"\n'],
    ["\t", 'a,b\t"c;d"\n'],
  ])("separates by %j", (separator, text) => {
    expect(cells(text, separator)).toEqual([["a,b", "c;d"]]);
  });

  it("stops at a row of endless cells", () => {
    expect(() => cells(`x\n${",".repeat(20_000_000)}`)).toThrow(
      new FileError("a.csv, line 2: the row has more than 10000 cells, which is the limit."),
    );
  });

  it("counts lines, also inside quotes", () => {
    expect(rowsOf('a\n"b\nc"\n\nd').map(({ line }) => line)).toEqual([1, 2, 5]);
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
