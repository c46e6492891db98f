import { describe, expect, it } from "vitest";
import { FileError } from "../errors.ts";
import { limits } from "../limits.ts";
import { parseCorrections } from "./read-corrections.ts";

const header = "file,sha256,old_label,action,new_label\n";
const sha256 = "0123456789abcdef".repeat(4);

describe("parseCorrections", () => {
  it("reads what a report saves", () => {
    const text = `${header}cat/1.jpg,${sha256},cat,relabel,dog\n"cat/a,b.jpg",${sha256},cat,keep,\n'=x.jpg,,,remove,\n`;
    expect(parseCorrections(text, "c.csv")).toEqual([
      { file: "cat/1.jpg", sha256, oldLabel: "cat", action: "relabel", newLabel: "dog", line: 2 },
      { file: "cat/a,b.jpg", sha256, oldLabel: "cat", action: "keep", newLabel: undefined, line: 3 },
      {
        file: "=x.jpg",
        sha256: undefined,
        oldLabel: undefined,
        action: "remove",
        newLabel: undefined,
        line: 4,
      },
    ]);
  });

  it("reads what a spreadsheet makes of it, and a table by hand", () => {
    const text = "Action;New_Label;File\r\nRELABEL; dog ;cat/1.jpg\r\n;;\r\n";
    expect(parseCorrections(text, "c.csv")).toMatchObject([
      { file: "cat/1.jpg", action: "relabel", newLabel: "dog", line: 2 },
    ]);
  });

  it.each([
    ["", "c.csv: the first line must name the columns file, sha256, old_label, action, new_label, but "],
    ["file,label\na.jpg,cat\n", 'but "action", "new_label" are missing.'],
    [header, "c.csv holds no corrections."],
    [`${header},,,keep,\n`, "c.csv, line 2: the file is missing."],
    [`${header}a.jpg,,,delete,\n`, 'c.csv, line 2: the action must be keep, relabel, remove, got "delete".'],
    [`${header}a.jpg,,,relabel, \n`, 'c.csv, line 2: the new label of "a.jpg" is missing.'],
    [`${header}a.jpg,abc,,keep,\n`, 'c.csv, line 2: sha256 must have 64 hexadecimal digits, got "abc".'],
    [
      header + "a.jpg,,,keep,\n".repeat(limits.MAX_CORRECTIONS.value + 1),
      "c.csv has more than 100000 corrections, which is the limit.",
    ],
  ])("refuses case %#", (text, message) => {
    expect(() => parseCorrections(text, "c.csv")).toThrow(message);
    expect(() => parseCorrections(text, "c.csv")).toThrow(FileError);
  });
});
