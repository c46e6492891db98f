import { describe, expect, it } from "vitest";
import { displayWidth, fitMiddle, fitText, padText, printable, renderTable } from "./table.ts";

describe("displayWidth", () => {
  it.each([
    ["rose", 4],
    ["", 0],
    ["Blüte", 5],
    ["Blu\u0308te", 5],
    ["花", 2],
    ["バラ", 4],
    ["장미", 4],
    ["🌹", 2],
    ["👩‍🌾", 2],
    ["❤️", 2],
    ["🇨🇭", 2],
    ["…→×", 3],
    ["a\u200bb", 2],
  ])("gives %j %i columns", (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });
});

describe("fitMiddle", () => {
  it.each([
    ["Japanese_katakana.character05", 16, "Japanes…racter05"],
    ["short", 16, "short"],
    ["日本語の名前", 7, "日…名前"],
    ["abcdef", 2, "a…"],
  ])("fits %j into %d columns", (text, width, expected) => {
    const fitted = fitMiddle(text, width);
    expect(fitted).toBe(expected);
    expect(displayWidth(fitted)).toBeLessThanOrEqual(width);
  });
});

describe("fitText", () => {
  it.each([
    ["rose", 4, "rose"],
    ["roses", 4, "ros…"],
    ["花花花", 4, "花…"],
    ["花花花", 5, "花花…"],
    ["rose", 1, "…"],
    ["rose", 0, ""],
  ])("fits %j into %i columns as %j", (text, width, expected) => {
    expect(fitText(text, width)).toBe(expected);
  });
});

describe("printable", () => {
  it("neutralises escapes, line breaks and reversed text", () => {
    expect(printable("a\u001b[2Jb\nc\u202ed\u0007")).toBe("a\ufffd[2Jb\ufffdc\ufffdd\ufffd");
  });
});

describe("padText", () => {
  it("pads by columns, on either side", () => {
    expect(padText("花", { width: 4 })).toBe("花  ");
    expect(padText("花", { width: 4, align: "right" })).toBe("  花");
  });
});

describe("renderTable", () => {
  it("aligns titles, wide text and numbers", () => {
    const columns = [
      { title: "class", maxWidth: 8 },
      { title: "top-1", align: "right" as const },
    ];
    const rows = [
      ["rose", 98.25],
      ["花", 7],
      ["a very long name", "–"],
    ];
    expect(renderTable(columns, rows)).toBe(
      ["class     top-1", "────────  ─────", "rose      98.25", "花            7", "a very …      –"].join(
        "\n",
      ),
    );
  });

  it("leaves no spaces at line ends, fills missing cells, and indents", () => {
    const columns = [{ title: "a" }, { title: "long title" }];
    expect(renderTable(columns, [["x"], ["y", "z"]], { indent: 2 })).toBe(
      ["  a  long title", "  ─  ──────────", "  x", "  y  z"].join("\n"),
    );
  });

  it("can not be broken by a hostile name", () => {
    expect(renderTable([{ title: "class" }], [["a\nb\u001b[31m"]])).toBe(
      "class\n────────\na\ufffdb\ufffd[31m",
    );
  });
});
