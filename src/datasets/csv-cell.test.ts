import { describe, expect, it } from "vitest";
import { cellText, csvCell } from "./csv-cell.ts";
import { parseCsv } from "./parse-csv.ts";

describe("csvCell", () => {
  it.each([
    ["rose", "rose"],
    ['a "red", one', '"a ""red"", one"'],
    ["a\nb", '"a\nb"'],
    ["=HYPERLINK(A1)", "'=HYPERLINK(A1)"],
    ['=cmd|"/c calc"!A1', `"'=cmd|""/c calc""!A1"`],
    ["+1", "'+1"],
    ["-1", "'-1"],
    ["@SUM(A1)", "'@SUM(A1)"],
    ["\tx", "'\tx"],
    ["\rx", '"\'\rx"'],
    ["＝1", "'＝1"],
    ["a=b", "a=b"],
    ["\u001b[2J", "\u001b[2J"],
  ])("prints %j as %j", (text, cell) => {
    expect(csvCell(text)).toBe(cell);
  });
});

describe("cellText", () => {
  it.each(["rose", "=1", "'=1", "''@x", "'quoted'", "-1", 'a "b", c', "+", "'", "", "＝1", "two\nlines"])(
    "gives back %j",
    (text) => {
      const [row] = parseCsv(`${csvCell(text)},x\n`, { path: "a.csv" });
      expect(cellText(row?.cells[0] ?? "")).toBe(text);
    },
  );
});
