import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { fileIn } from "./name-in.ts";
import { readDataset } from "./read-dataset.ts";
import { relabel } from "./relabel.ts";

const root = temporaryFolder("relabel");
const at = (...names: string[]) => join(root, ...names);
const header = "file,sha256,old_label,action,new_label\n";
const hashOf = (text: string) => createHash("sha256").update(text).digest("hex");

/** Files whose content is their name: images are found by name, and need not be any. */
function write(folder: string, files: readonly string[]): void {
  for (const file of files) {
    mkdirSync(dirname(at(folder, file)), { recursive: true });
    writeFileSync(at(folder, file), file);
  }
}
const corrections = (rows: string) => {
  writeFileSync(at("corrections.csv"), header + rows);
  return at("corrections.csv");
};
const fix = (rows: string, { data = "photos", out = "labels.csv" } = {}) =>
  relabel(corrections(rows), { data: at(data), out: at(out) });
const refusal = (rows: string, options = {}) =>
  fix(rows, options).then(
    () => "written",
    (error: Error) => error.message.replaceAll(root, "ROOT"),
  );

const plain = [
  "cat/1.jpg",
  "cat/2.jpg",
  "cat/=3.jpg",
  "dog/1.jpg",
  "dog/a, b.jpg",
  "-eel/1.jpg",
  "-eel/2.jpg",
];
beforeEach(() => {
  write("photos", plain);
  write("split", [
    "train/cat/1.jpg",
    "train/cat/2.jpg",
    "train/dog/1.jpg",
    "val/cat/3.jpg",
    "test/dog/4.jpg",
  ]);
});
afterEach(() => {
  for (const name of readdirSync(root)) rmSync(at(name), { recursive: true });
});

/** `split file: label` of everything in a data set. */
async function labelsOf(path: string) {
  const { root: where, classes, splits } = await readDataset(path);
  return Object.entries(splits).flatMap(([split, examples]) =>
    examples.map((example) => `${split} ${fileIn(where, example.path)}: ${classes[example.label]}`),
  );
}

describe("relabel", () => {
  it("writes the whole data set with the corrections, and touches nothing else", async () => {
    const rows = `cat/1.jpg,${hashOf("cat/1.jpg")},cat,relabel,dog\ncat/2.jpg,,cat,keep,\n"dog/a, b.jpg",,,remove,\n'-eel/1.jpg,,'-eel,relabel,cat\n`;
    const before = readdirSync(at("photos"), { recursive: true });
    const found = await fix(rows);
    expect(found).toMatchObject({
      changes: [
        { file: "cat/1.jpg", from: "cat", to: "dog" },
        { file: "dog/a, b.jpg", from: "dog", to: undefined },
        { file: "-eel/1.jpg", from: "-eel", to: "cat" },
      ],
      ...{ confirmed: 1, newClasses: [], images: { train: 6, val: 0, test: 0 } },
    });
    expect(await labelsOf(at("labels.csv"))).toEqual([
      ...["train photos/-eel/1.jpg: cat", "train photos/-eel/2.jpg: -eel", "train photos/cat/1.jpg: dog"],
      ...["train photos/cat/2.jpg: cat", "train photos/cat/=3.jpg: cat", "train photos/dog/1.jpg: dog"],
    ]);
    expect(readFileSync(at("labels.csv"), "utf8")).toContain("photos/-eel/2.jpg,'-eel\n");
    expect(readdirSync(at("photos"), { recursive: true })).toEqual(before);
  });

  it("keeps splits, and corrects its own table once more", async () => {
    await fix("train/cat/1.jpg,,cat,relabel,dog\nval/cat/3.jpg,,,keep,\n", { data: "split" });
    expect(await labelsOf(at("labels.csv"))).toEqual([
      ...["train split/train/cat/1.jpg: dog", "train split/train/cat/2.jpg: cat"],
      ...[
        "train split/train/dog/1.jpg: dog",
        "val split/val/cat/3.jpg: cat",
        "test split/test/dog/4.jpg: dog",
      ],
    ]);
    const again = await fix(
      "split/test/dog/4.jpg,,dog,relabel,cat\nsplit/train/cat/1.jpg,,cat,relabel,dog\n",
      {
        ...{ data: "labels.csv", out: "again.csv" },
      },
    );
    // What is corrected already is no change.
    expect(again).toMatchObject({ changes: [{ to: "cat" }], confirmed: 1 });
    expect(await labelsOf(at("again.csv"))).toContain("test split/test/dog/4.jpg: cat");
  });

  it("says which class is new", async () => {
    expect(await fix("cat/1.jpg,,,relabel,owl\n")).toMatchObject({
      ...{ newClasses: ["owl"], classes: ["-eel", "cat", "dog", "owl"] },
    });
  });

  it("notices an image that was moved, changed, labelled anew or is not there", async () => {
    renameSync(at("photos/cat/1.jpg"), at("photos/dog/9.jpg"));
    const moved = `cat/1.jpg,${hashOf("cat/1.jpg")},cat,relabel,dog\n`;
    expect(await refusal(moved)).toBe(
      'ROOT/corrections.csv, line 2: ROOT/photos has no image "cat/1.jpg". The same image is there as "dog/9.jpg": it was moved. Name the data that was evaluated, or remove this line.',
    );
    expect(await refusal("cat/77.jpg,,,keep,\n")).toBe(
      'ROOT/corrections.csv, line 2: ROOT/photos has no image "cat/77.jpg". Name the data that was evaluated, or remove this line.',
    );
    expect(await refusal(`cat/2.jpg,${hashOf("other")},,remove,\n`)).toBe(
      'ROOT/corrections.csv, line 2: "cat/2.jpg" is another image now than the one that was looked at. Evaluate again.',
    );
    expect(await refusal("dog/1.jpg,,cat,remove,\n")).toBe(
      'ROOT/corrections.csv, line 2: "dog/1.jpg" was labelled "cat" when it was looked at, and is "dog" now. Evaluate again.',
    );
    expect(await refusal("dog/1.jpg,,,remove,\ndog/1.jpg,,,keep,\n")).toBe(
      'ROOT/corrections.csv, line 3: "dog/1.jpg" is corrected in another way in line 2. Keep one of them.',
    );
    expect(readdirSync(root)).not.toContain("labels.csv");
  });

  it("refuses a table that would not be read", async () => {
    const all = "train/dog/1.jpg,,,remove,\n";
    expect(await refusal(all, { data: "split" })).toContain(
      'train has no images of "dog", which test has. Every class must be in train.',
    );
    expect(await refusal("cat/1.jpg,,,relabel,Dog\n")).toContain('"Dog", "dog" are two classes');
    expect(readdirSync(root)).not.toContain("labels.csv");
  });

  it.each([
    [{ out: "labels.txt" }, "out writes a table; its name must end in .csv, got ROOT/labels.txt."],
    [{ out: "photos/labels.csv" }, "ROOT/photos/labels.csv lies inside the data ROOT/photos, which could"],
    [{ out: "split/labels.csv" }, "ROOT/split/labels.csv: the images must lie beside it or in folders below"],
    [{ out: "none/labels.csv" }, "ROOT/none/labels.csv: there is no folder ROOT/none. Make it, or write"],
    [{ out: "corrections.csv" }, "ROOT/corrections.csv exists already. Name a new file with out."],
  ])("refuses %j", async (options, message) => {
    const before = readdirSync(root);
    expect(await refusal("cat/1.jpg,,,keep,\n", options)).toContain(message);
    expect(readdirSync(root)).toEqual([...new Set([...before, "corrections.csv"])].sort());
  });
});
