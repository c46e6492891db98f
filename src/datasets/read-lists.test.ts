import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { outline, makeTree as tree } from "../../test/make-tree.ts";
import { readDataset } from "./read-dataset.ts";

const images = ["images/train/0.jpg", "images/train/1.jpg", "images/val/2.jpg", "images/test/a b.jpg"];
const withImages = (files: Readonly<Record<string, string>>) =>
  tree({ ...Object.fromEntries(images.map((name) => [name, ""])), ...files });

describe("readDataset: VTAB-1k lists", () => {
  const lists = {
    "train800.txt": "images/train/0.jpg 1\nimages/train/1.jpg 0\n",
    "val200.txt": "images/val/2.jpg 1\r\n\r\n",
    "train800val200.txt": "images/train/0.jpg 1\nimages/train/1.jpg 0\nimages/val/2.jpg 1\n",
    "test.txt": "\ufeffimages/test/a b.jpg\t0",
  };
  const union = "The list of training and validation images together is not read, as each has its own.";
  const read = {
    layout: "vtab",
    train: ["cat:images/train/0.jpg", "ant:images/train/1.jpg"],
    val: ["cat:images/val/2.jpg"],
    test: ["ant:images/test/a b.jpg"],
  };

  it("reads lists in the order of their lines, with names from meta.json", async () => {
    const root = await withImages({ ...lists, "meta.json": '{ "classes": ["ant", "cat"], "other": 1 }' });
    expect(await outline(root)).toEqual({ ...read, classes: ["ant", "cat"], notes: [union] });
  });

  it("takes a file once, though a list may name it again, and under one label", async () => {
    const again = "images/train/0.jpg 1\n./images/train/0.jpg 1\nimages/train/1.jpg 0\n";
    const root = await withImages({ "train.txt": again, "test.txt": lists["test.txt"] });
    const found = await outline(root);
    expect(found).toMatchObject({ train: ["1:images/train/0.jpg", "0:images/train/1.jpg"] });
    expect(found.notes.join("\n")).toContain(
      "1 of the train list's lines name a file again and are left out.",
    );
    const torn = await withImages({ "train.txt": "images/train/0.jpg 1\nimages/train/0.jpg 0\n" });
    await expect(readDataset(torn)).rejects.toThrow(
      `${join(torn, "train.txt")}, line 2: "images/train/0.jpg" is labelled "0" here and "1" in ${join(torn, "train.txt")}, line 1. An image can have only one label.`,
    );
  });

  it("makes the missing list of train and val from the union and the other", async () => {
    const { "train800.txt": train, "val200.txt": val, "train800val200.txt": both } = lists;
    const meta = { "meta.json": '{ "classes": ["ant", "cat"] }', "test.txt": lists["test.txt"] };
    expect(
      await outline(await withImages({ "train.txt": train, "trainval.txt": both, ...meta })),
    ).toMatchObject(read);
    expect(await outline(await withImages({ "val.txt": val, "trainval.txt": both, ...meta }))).toMatchObject(
      read,
    );
    const whole = await outline(await withImages({ "train800val200.txt": both, ...meta }));
    expect(whole).toMatchObject({ train: [...read.train, ...read.val] });
    expect(whole).not.toHaveProperty("val");
  });

  it("names classes by their numbers where there are no names, in the order of the numbers", async () => {
    const root = await withImages({
      "train.txt": "images/train/0.jpg 10\nimages/train/1.jpg 9\n",
      "trainer_log.txt": "hello",
      "meta.json": "[]",
    });
    expect(await outline(root)).toMatchObject({
      classes: ["9", "10"],
      notes: [
        'ROOT/meta.json has no list of distinct class names under "classes", so the label numbers are the names.',
        "2 of the 4 images in ROOT are in no list, and are left out.",
      ],
    });
  });

  it("tells of leaks between splits and of class names without images", async () => {
    const root = await withImages({
      "train.txt": "images/train/0.jpg 0\nimages/train/1.jpg 1\nimages/val/2.jpg 1",
      "test.txt": "images/train/0.jpg 0\nimages/test/a b.jpg 1",
      "meta.json": '{ "classes": ["ant", "bee", "cat"] }',
    });
    expect((await readDataset(root)).notes).toEqual([
      "1 of 3 classes have no images (cat).",
      "1 image is in both train and test; results on test will look better than they are.",
    ]);
  });

  it("notes a class that is only tested, as in VTAB-1k, whose training images are drawn from all", async () => {
    const root = await withImages({
      "train.txt": "images/train/0.jpg 0\nimages/train/1.jpg 1",
      "test.txt": "images/val/2.jpg 2",
    });
    const { classes, notes } = await readDataset(root);
    expect(classes).toEqual(["0", "1", "2"]);
    expect(notes).toContain(
      `${root}: train has no images of "2", which test has: 1 of its 1 images cannot be called right.`,
    );
  });
});

describe("readDataset: FGVC lists", () => {
  it("reads JSON lists, with ids in the order of their numbers", async () => {
    const root = await withImages({
      "train.json": '{ "images/train/0.jpg": 10, "images/train/1.jpg": 2 }',
      "val.json": '{ "images/val/2.jpg": 2 }',
      "test.json": '{ "images/test/a b.jpg": 10 }',
      "train_results.json": '{ "loss": 1.5 }',
    });
    expect(await outline(root)).toEqual({
      layout: "fgvc",
      classes: ["2", "10"],
      train: ["10:images/train/0.jpg", "2:images/train/1.jpg"],
      val: ["2:images/val/2.jpg"],
      test: ["10:images/test/a b.jpg"],
      notes: [],
    });
  });

  it("finds images in the images folder, as CUB and NABirds have them", async () => {
    const root = await withImages({
      "trainval.json": '{ "train/0.jpg": "wren", "train/1.jpg": "gull" }',
      "test.json": '{ "val/2.jpg": "gull" }',
    });
    expect(await outline(root)).toMatchObject({
      classes: ["gull", "wren"],
      train: ["wren:images/train/0.jpg", "gull:images/train/1.jpg"],
      test: ["gull:images/val/2.jpg"],
    });
  });
});

describe("readDataset: CSV", () => {
  const csv =
    '\ufeffLabel,file,notes,split\r\n"Cat, big",images/train/0.jpg,,train\r\nant,"images/test/a b.jpg","a ""b""",TEST\r\nant,images/train/1.jpg,,train\r\n"Cat, big",images/val/2.jpg,,valid\r\n';
  const read = {
    layout: "csv",
    classes: ["Cat, big", "ant"],
    train: ["Cat, big:images/train/0.jpg", "ant:images/train/1.jpg"],
    val: ["Cat, big:images/val/2.jpg"],
    test: ["ant:images/test/a b.jpg"],
  };
  it("reads one in the folder or named itself, whatever the order of its columns", async () => {
    const root = await withImages({ "labels.csv": csv, "results.csv": "epoch,loss\n1,2\n" });
    const columns = "Columns of ROOT/labels.csv that are not used: notes.";
    const other = "Not read, as they list no images of ROOT: results.csv.";
    expect(await outline(root)).toEqual({ ...read, notes: [other, columns] });
    expect(await outline(join(root, "labels.csv"))).toEqual({
      ...read,
      notes: [columns.replace("ROOT/labels.csv", "ROOT")],
    });
  });

  it("refuses a label with a bare comma, which would be cut", async () => {
    const root = await withImages({ "labels.csv": "file,label\nimages/train/0.jpg,Smith, John\n" });
    await expect(readDataset(root)).rejects.toThrow(
      `${join(root, "labels.csv")}, line 2: there are 3 cells, the first line names 2 columns. Quote a cell that holds a comma.`,
    );
  });

  it("is all train without a split column", async () => {
    const root = await withImages({
      "labels.csv": "file,label\nimages/train/0.jpg,a\n./images/val/../val/2.jpg,b",
    });
    expect(await outline(root)).toMatchObject({ train: ["a:images/train/0.jpg", "b:images/val/2.jpg"] });
  });
});
