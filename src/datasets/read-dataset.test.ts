import { existsSync } from "node:fs";
import { realpath, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { messageOf, outline, makeTree as tree } from "../../test/make-tree.ts";
import { readableNames } from "../images/image-extensions.ts";
import { readDataset } from "./read-dataset.ts";

describe("readDataset: class folders", () => {
  it("takes the folder's name as the class, sorted without regard to language", async () => {
    const root = await tree([
      "b/2.jpg",
      "b/10.JPEG",
      "b/nested/deep/1.png",
      "C/x.webp",
      "ä/y.gif",
      "a/z.avif",
    ]);
    expect(await outline(root)).toEqual({
      layout: "classes",
      classes: ["C", "a", "b", "ä"],
      train: ["C:C/x.webp", "a:a/z.avif", "b:b/10.JPEG", "b:b/2.jpg", "b:b/nested/deep/1.png", "ä:ä/y.gif"],
      notes: [],
    });
  });

  it("says what it passes over", async () => {
    const root = await tree([
      "a/1.jpg",
      "a/Thumbs.db",
      "a/.DS_Store",
      "a/notes.txt",
      "a/1.cr2",
      "b/1.jpg",
      "b/.cache/x.jpg",
      "stray.jpg",
      "README.md",
      "odd.jpg/1.jpg",
    ]);
    expect(await outline(root)).toEqual({
      layout: "classes",
      classes: ["a", "b", "odd.jpg"],
      train: ["a:a/1.jpg", "b:b/1.jpg", "odd.jpg:odd.jpg/1.jpg"],
      notes: [
        `Left out images of ROOT that are not ${readableNames} (a: 1 camera raw).`,
        "Ignored 1 in ROOT outside any class folder (stray.jpg).",
        `Ignored 5 entries that are not ${readableNames} files (README.md, .DS_Store, Thumbs.db, notes.txt, … (5)).`,
      ],
    });
  });

  it.skipIf(process.platform === "win32")("follows links and is safe from circles", async () => {
    const root = await tree(["a/1.jpg", "b/1.jpg", "elsewhere.d/2.jpg"]);
    await symlink("..", join(root, "a/up"));
    await symlink("../b/1.jpg", join(root, "a/linked.jpg"));
    await symlink("nowhere.jpg", join(root, "b/broken.jpg"));
    await symlink(".", join(root, "b/self"));
    expect(await outline(root)).toEqual({
      layout: "classes",
      classes: ["a", "b", "elsewhere.d"],
      train: [
        ...["a:a/1.jpg", "a:a/linked.jpg", "b:b/1.jpg", "b:b/broken.jpg"],
        ...["elsewhere.d:elsewhere.d/2.jpg"],
      ],
      notes: [
        "ROOT/a/up is a link to ROOT, which is read already, and is not followed.",
        "ROOT/b/self is a link to ROOT/b, which is read already, and is not followed.",
      ],
    });
  });

  it("joins spellings of one name, and refuses two folders for it", async () => {
    expect((await readDataset(await tree(["e\u0301/1.jpg", "x/1.jpg"]))).classes).toEqual(["x", "\u00e9"]);
    expect(await messageOf(await tree(["e\u0301/1.jpg", "\u00e9/1.jpg"]))).toBe(
      'ROOT: two folders are named "\u00e9", spelt with different code points. Merge them.',
    );
  });

  it("stops when aborted", async () => {
    const root = await tree(["a/1.jpg", "b/1.jpg"]);
    await expect(readDataset(root, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow(
      "enough",
    );
  });
});

describe("readDataset: split folders", () => {
  it("reads train, val and test under their usual names", async () => {
    const root = await tree([
      "Train/a/1.jpg",
      "Train/b/1.jpg",
      "validation/a/2.jpg",
      "validation/b/2.jpg",
      "test/a/3.jpg",
      "test/b/3.jpg",
      "docs/x.txt",
    ]);
    expect(await outline(root)).toEqual({
      layout: "splits",
      classes: ["a", "b"],
      train: ["a:Train/a/1.jpg", "b:Train/b/1.jpg"],
      val: ["a:validation/a/2.jpg", "b:validation/b/2.jpg"],
      test: ["a:test/a/3.jpg", "b:test/b/3.jpg"],
      notes: ['Ignored folders that are not splits: "docs".'],
    });
  });

  it("allows a class without validation images, and says so", async () => {
    const root = await tree(["train/a/1.jpg", "train/b/1.jpg", "val/a/2.jpg"]);
    expect((await readDataset(root)).notes).toEqual(['val has no images of "b".']);
  });

  it("allows a test split alone, for evaluation", async () => {
    expect(await outline(await tree(["test/a/1.jpg", "test/b/1.jpg"]))).toMatchObject({
      layout: "splits",
      test: ["a:test/a/1.jpg", "b:test/b/1.jpg"],
    });
  });

  it("takes a class that happens to be called train for a class", async () => {
    expect(await outline(await tree(["train/1.jpg", "bullet train/1.jpg", "bus/1.jpg"]))).toMatchObject({
      layout: "classes",
      classes: ["bullet train", "bus", "train"],
    });
  });
});

describe("readDataset: what is refused", () => {
  it.each<[string, Readonly<Record<string, string>>, string]>([
    [
      "an empty folder",
      {},
      "ROOT: found no class folders, no lists and no CSV file with the columns file and label.",
    ],
    [
      "images without classes",
      { "1.jpg": "", "2.png": "" },
      "ROOT: found 2 images but no class folders. Put the images of each class into a folder of its own.",
    ],
    ["one class", { "a/1.jpg": "", "b/": "" }, 'ROOT: found one class ("a"); at least two are needed.'],
    ["empty class folders", { "a/": "", "b/": "" }, "ROOT: found no images in any class folder."],
    [
      "a class that train lacks",
      { "train/a/1.jpg": "", "test/a/1.jpg": "", "test/b/1.jpg": "" },
      'ROOT: train has no images of "b", which other splits have. Every class must be in train.',
    ],
    [
      "two folders for one split",
      { "train/a/1.jpg": "", "val/a/1.jpg": "", "valid/a/1.jpg": "" },
      'ROOT has two folders for val, one of them "valid"; keep one.',
    ],
    [
      "two lists for one split",
      { "train.txt": "a 0", "train800.txt": "a 0" },
      "ROOT: train.txt and train800.txt are both lists for train; keep one.",
    ],
    [
      "a line without a label",
      { "train.txt": "a.jpg 0\nb.jpg\n" },
      'ROOT/train.txt, line 2: expected a path and a whole number, got "b.jpg".',
    ],
    [
      "a label that is no number",
      { "train.txt": "a.jpg cat" },
      'ROOT/train.txt, line 1: expected a path and a whole number, got "a.jpg cat".',
    ],
    ["an empty list", { "train.txt": "\n\n" }, "ROOT/train.txt names no images."],
    [
      "a label without a name",
      { "train.txt": "a.jpg 2", "meta.json": '{"classes":["x","y"]}' },
      'ROOT/train.txt, line 1: label "2" is not a whole number from 0 to 1; there are 2 class names.',
    ],
    [
      "a path that leaves the folder",
      { "train.txt": "x/../../secret.jpg 0" },
      'ROOT/train.txt, line 1: "x/../../secret.jpg" lies outside ROOT. Paths must stay inside it.',
    ],
    [
      "an absolute path",
      { "train.json": '{"/etc/passwd": 0}' },
      'ROOT/train.json, "/etc/passwd": "/etc/passwd" lies outside ROOT. Paths must stay inside it.',
    ],
    [
      "missing files",
      { "train.txt": "a.jpg 0\nhere.jpg 1\nd/b.jpg 1", "here.jpg": "" },
      "ROOT: 2 of the 3 files named in the lists are missing:\n  a.jpg\n  d/b.jpg",
    ],
    [
      "JSON that is cut short",
      { "train.json": '{"a": ' },
      "ROOT/train.json is not JSON (Unexpected end of JSON input).",
    ],
    [
      "JSON of another kind",
      { "train.json": "[1]" },
      'ROOT/train.json: expected one object of "image path": class id.',
    ],
    [
      "a class id of another kind",
      { "train.json": '{"a.jpg": 1.5}' },
      'ROOT/train.json, "a.jpg": a class id is a whole number or a name, got 1.5.',
    ],
    [
      "a row without a label",
      { "l.csv": "file,label\na.jpg,\n" },
      'ROOT/l.csv, line 2: the label of "a.jpg" is missing.',
    ],
    ["a row without a file", { "l.csv": "file,label\n,a\n" }, "ROOT/l.csv, line 2: the file is missing."],
    [
      "an unknown split",
      { "l.csv": "file,label,split\na.jpg,a,holdout\n" },
      'ROOT/l.csv, line 2: split is "holdout"; it must be train, val or test.',
    ],
    ["a table without rows", { "l.csv": "file,label\n" }, "ROOT/l.csv names no images."],
    [
      "two CSV files",
      { "a.csv": "file,label\nx.jpg,a\n", "b.csv": "label,file\na,x.jpg\n" },
      "ROOT: a.csv, b.csv all have columns of files and labels. Name one of them as the data.",
    ],
  ])("refuses %s", async (_, files, message) => {
    expect(await messageOf(await tree(files))).toBe(message);
  });

  it.each([
    ["no.csv", undefined, "ROOT: there is no such folder or CSV file."],
    ["a.txt", "x", "ROOT is a file; data is a folder, or a CSV file with the columns file and label."],
    [
      "a.csv",
      "epoch;loss\n1;2",
      'ROOT: the first line must name the columns file and label, got "epoch, loss".',
    ],
    ["head.csv", "file,label\n\n", "ROOT names no images."],
    ["b.csv", "", 'ROOT: the first line must name the columns file and label, got "".'],
  ])("refuses the file %s", async (name, content, message) => {
    const path = join(await tree([]), name);
    if (content !== undefined) await writeFile(path, content);
    expect(await messageOf(path)).toBe(message);
  });

  it.skipIf(process.platform === "win32")("says why a path cannot be read", async () => {
    const loop = join(await tree([]), "loop");
    await symlink("loop", loop);
    expect(await messageOf(loop)).toBe("ROOT cannot be read: its link leads in a circle.");
    const long = join(loop, "..", "n".repeat(300));
    expect(await messageOf(long)).toBe("ROOT cannot be read: its name is too long.");
  });

  it.each([
    ["l.csv", ".", "../../etc/passwd", '"../../etc/passwd" lies outside ROOT. Paths must stay inside it.'],
    ["../l.csv", "in", "/etc/passwd", '"/etc/passwd" lies outside ROOT. Paths must stay inside it.'],
  ])("names the folder of the table %s by its path", async (path, from, file, problem) => {
    const root = await realpath(await tree({ "l.csv": `file,label\n${file},a\nx.jpg,b\n`, "in/": "" }));
    const before = process.cwd();
    onTestFinished(() => process.chdir(before));
    process.chdir(join(root, from));
    const error: unknown = await readDataset(path).catch((cause: unknown) => cause);
    expect(String((error as Error).message).replaceAll(root, "ROOT")).toBe(`${path}, line 2: ${problem}`);
  });

  it.skipIf(process.platform === "win32")("notes of a table's links only those that it names", async () => {
    const list = ["file,label", "b/1.jpg,x", "b/2.jpg,y", "c/1.jpg,x"].join("\n");
    const root = await tree({ "l.csv": list, "b/1.jpg": "1", "b/2.jpg": "2", "other/3.jpg": "3" });
    await symlink("b", join(root, "c"));
    await symlink("other", join(root, "another"));
    const { notes } = await readDataset(join(root, "l.csv"));
    expect(notes.filter((note) => note.includes("is a link"))).toEqual([
      `${join(root, "c")} is a link to ${join(root, "b")}, which is read already, and is not followed.`,
    ]);
  });

  it("refuses text in another encoding, and lists of absurd size", async () => {
    const root = await tree([]);
    await writeFile(join(root, "train.txt"), Buffer.from("caf\xe9.jpg 0", "latin1"));
    expect(await messageOf(root)).toBe("ROOT/train.txt is not UTF-8 text. Save it as UTF-8.");
    await truncate(join(root, "train.txt"), 200 * 2 ** 20); // sparse: takes no room
    expect(await messageOf(root)).toBe(
      "ROOT/train.txt has 209715200 bytes; at most 128 MiB are allowed for a list.",
    );
  });

  it("prints twenty missing files and counts the rest", async () => {
    const root = await tree({ "train.txt": Array.from({ length: 25 }, (_, at) => `${at}.jpg 0`).join("\n") });
    const lines = (await messageOf(root)).split("\n");
    expect([lines[0], lines[1], lines[20], lines[21]]).toEqual([
      "ROOT: 25 of the 25 files named in the lists are missing:",
      "  0.jpg",
      "  19.jpg",
      "  … and 5 more.",
    ]);
  });
});

const shared = join(process.env.RLRR_DATA ?? "../shared/data", "datasets");
describe.skipIf(!existsSync(shared))("readDataset: real sets (RLRR_DATA)", () => {
  it.each([
    ["signdigits", 10, [800, 200, 1062]],
    ["omniglot100", 100, [800, 200, 1000]],
    ["cifar10", 10, [800, 200, 2000]],
    ["dtd10", 10, [480, 120, 600]],
  ])("%s", async (name, classes, counts) => {
    const dataset = await readDataset(join(shared, name));
    expect(dataset.classes).toHaveLength(classes);
    expect(Object.values(dataset.splits).map((split) => split.length)).toEqual(counts);
  });
});
