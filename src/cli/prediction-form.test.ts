import { describe, expect, it } from "vitest";
import { displayWidth } from "../table.ts";
import { predictionForm } from "./prediction-form.ts";

const prediction = (path: string, ...names: readonly string[]) => ({
  path,
  labels: names.map((label, rank) => ({ label, probability: 0.5 / (rank + 1) })),
});

describe("predictionForm", () => {
  it("is CSV with a line of titles", () => {
    const { header, row } = predictionForm("csv", { files: [], labels: [] });
    expect(header + row(prediction("a.jpg", "rose", "=1"))).toBe(
      "file,rank,label,probability,unknown\na.jpg,1,rose,0.5,\na.jpg,2,'=1,0.25,\n",
    );
  });

  const stranger = { ...prediction("a.jpg", "rose", "tulip"), unknown: true };
  const known = { ...prediction("b.jpg", "rose"), unknown: false };

  it("marks an image that is probably none of the classes", () => {
    const contents = { files: ["a.jpg", "b.jpg"], labels: ["rose", "tulip"], tellsUnknown: true };
    const table = predictionForm("table", contents);
    expect((table.row(stranger) + table.row(known)).split("\n")).toEqual([
      "a.jpg  rose        50.0 %  none of these?",
      "       tulip       25.0 %",
      "b.jpg  rose        50.0 %",
      "",
    ]);
    const csv = predictionForm("csv", contents);
    expect(csv.row(stranger) + csv.row(known)).toBe(
      "a.jpg,1,rose,0.5,true\na.jpg,2,tulip,0.25,true\nb.jpg,1,rose,0.5,false\n",
    );
    expect(predictionForm("jsonl", contents).row(known)).toBe(
      '{"type":"prediction","path":"b.jpg","labels":[{"label":"rose","probability":0.5}],"unknown":false}\n',
    );
  });

  it("answers none of these where that is asked for", () => {
    const contents = {
      ...{ files: ["a.jpg", "b.jpg"], labels: ["rose", "tulip"] },
      ...{ tellsUnknown: true, noneOfThese: true },
    };
    const table = predictionForm("table", contents);
    expect((table.row(stranger) + table.row(known)).split("\n")).toEqual([
      "a.jpg  none of these",
      "b.jpg  rose                50.0 %",
      "",
    ]);
    expect(predictionForm("csv", contents).row(stranger)).toBe("a.jpg,1,none of these,,true\n");
    expect(predictionForm("jsonl", contents).row(stranger)).toBe(
      '{"type":"prediction","path":"a.jpg","labels":[],"unknown":true}\n',
    );
  });

  it("is a line of JSON each", () => {
    const { header, row, skipped } = predictionForm("jsonl", { files: [], labels: [] });
    expect(header).toBe("");
    expect(skipped([{ path: "b.jpg", reason: "b.jpg is empty." }])).toBe(
      '{"type":"skipped","path":"b.jpg","reason":"b.jpg is empty."}\n',
    );
    expect(row(prediction("a.jpg", "rose"))).toBe(
      '{"type":"prediction","path":"a.jpg","labels":[{"label":"rose","probability":0.5}]}\n',
    );
  });

  it("is a table whose columns are as wide as the names to come", () => {
    const files = ["a.jpg", `${"x/".repeat(50)}end.jpg`];
    const { header, row } = predictionForm("table", { files, labels: ["rose", "a tulip"] });
    const lines = (header + files.map((file) => row(prediction(file, "rose", "a tulip"))).join("")).split(
      "\n",
    );
    expect(new Set(lines.filter((line) => line !== "").map(displayWidth))).toEqual(new Set([82]));
    expect(lines[2]).toBe(`a.jpg${" ".repeat(57)}rose          50.0 %`);
    expect(lines[4]).toMatch(/^…(x\/)+end\.jpg {2}rose/);
  });

  it("is a table that fits the terminal", () => {
    const files = [`${"x/".repeat(50)}end.jpg`];
    const { header, row } = predictionForm("table", { files, labels: ["rose"], columns: 60 });
    const lines = (header + row(prediction(files[0] ?? "", "rose"))).split("\n");
    expect(lines.map(displayWidth)).toEqual([59, 59, 59, 0]);
  });

  it("can not be broken by a hostile name", () => {
    const files = ["a\u001b[2J\n.jpg"];
    const { header, row } = predictionForm("table", { files, labels: ["\u202erose"] });
    expect(header + row(prediction(files[0] ?? "", "\u202erose"))).toBe(
      "image       label  probability\n──────────  ─────  ───────────\na�[2J�.jpg  �rose       50.0 %\n",
    );
  });
});
