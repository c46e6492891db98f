import { describe, expect, it } from "vitest";
import { messageOf, outline, makeTree as tree } from "../../test/make-tree.ts";
import { readableNames } from "../images/image-extensions.ts";

const within = (folders: readonly string[], names: readonly string[]) =>
  folders.flatMap((folder) => names.map((name) => `${folder}/${name}`));
const classes = ["red/1.jpg", "green/2.jpg", "blue/3.jpg"];

describe("folders that could be splits as well as classes", () => {
  const flat = (train: string, test: string) =>
    `ROOT: "${train}" sounds like a split and holds folders of images ("blue", "green", "red"), but "${test}" holds images without class folders. To train on labelled images only, name ROOT/${train} as the data; or sort the images of "${test}" into class folders.`;
  it.each([
    ["train", "test"],
    ["Train", "Test"],
    ["training", "testing"],
    ["train_images", "test_images"],
    ["images_train", "images_val"],
    ["imagesTrain", "imagesTest"],
    ["seg_train", "seg_pred"],
    ["train-set", "holdout"],
    ["trainset", "hold-out"],
    ["train2017", "val2017"],
    ["train", "unlabeled"],
    ["train", "eval"],
  ])("says what to do about class folders in %s and a flat %s", async (train, test) => {
    const root = await tree([...within([train], classes), `${test}/4.jpg`]);
    expect(await messageOf(root)).toBe(flat(train, test));
  });

  it("does so with Kaggle's example of a submission and other tables beside them", async () => {
    const images = Object.fromEntries(
      [...within(["train"], classes), "test/4.jpg"].map((name) => [name, ""]),
    );
    for (const name of ["sample_submission.csv", "labels.csv"])
      expect(await messageOf(await tree({ ...images, [name]: "id,label\n77,red\n78,blue\n" }))).toBe(
        flat("train", "test"),
      );
    expect(await messageOf(await tree({ ...images, "train.csv": "id,label\n1,red\n2,green\n" }))).toBe(
      `${flat("train", "test")} train.csv names 2 of its 4 images; to read train.csv, name it as the data.`,
    );
  });

  it.each([
    ["training_set", "test_set"],
    ["seg_train", "seg_test"],
    ["train", "eval"],
    ["train_images", "val_images"],
  ])("refuses class folders in %s and %s", async (train, test) => {
    const [first, second] = [train, test].toSorted();
    expect(await messageOf(await tree(within([train, test], classes)))).toBe(
      `ROOT: "${first}", "${second}" sound like splits and hold folders of images ("blue", "green", "red"). Rename them to train, val and test, or name ROOT/${train} as the data.`,
    );
  });

  it("refuses a split with class folders beside something else", async () => {
    expect(await messageOf(await tree([...within(["train"], classes), "bus/1.jpg"]))).toBe(
      'ROOT: "train" sounds like a split and holds folders of images ("blue", "green", "red"), beside "bus". If it is a split, name ROOT/train as the data, or move the others out of ROOT; if it is a class, move its images out of the folders in it.',
    );
  });

  it.each([
    [["train/1.jpg", "test/1.jpg"], '"test", "train" sound like splits, but hold'],
    [["train/1.jpg", "test/1.jpg", "extra/1.jpg"], '"test", "train" sound like splits, but hold'],
    [["test_images/1.jpg"], '"test_images" sounds like a split, but holds'],
  ])("refuses splits without class folders: %j", async (files, start) => {
    expect(await messageOf(await tree(files))).toBe(
      `ROOT: ${start} images without class folders, so their labels are unknown. Sort the images into class folders, or list them in a CSV file with the columns file and label.`,
    );
  });

  it("points to a table inside of them", async () => {
    const root = await tree({
      "train/1.jpg": "",
      "test/1.jpg": "",
      "train/metadata.csv": "file_name,label\n1.jpg,a\n",
    });
    expect(await messageOf(root)).toMatch(/ If ROOT\/train\/metadata.csv has them, name it as the data\.$/);
  });

  it.each([
    [
      ["b1", "b2"],
      ["green", "red"],
    ],
    [
      ["cat", "dog"],
      ["test", "train"],
    ],
  ])("refuses %j that all hold %j", async (outer, inner) => {
    const files = within(within(outer, inner), ["1.jpg"]);
    const [a, b, c, d] = [...outer, ...inner];
    expect(await messageOf(await tree([...files, `${a}/more/1.jpg`]))).toBe(
      `ROOT: "${a}", "${b}" hold folders of the same names ("${c}", "${d}"), so it is not clear which are the classes. If "${c}", "${d}" are, merge them over "${a}", "${b}", or name one of these as the data; if "${a}", "${b}" are, move their images out of the folders in them.`,
    );
  });

  it("takes class folders in folders of their own for one class", async () => {
    const root = await tree([
      "cat/indoor/1.jpg",
      "cat/outdoor/2.jpg",
      "dog/indoor/3.jpg",
      "bullet train/1.jpg",
    ]);
    expect(await outline(root)).toMatchObject({ classes: ["bullet train", "cat", "dog"] });
  });

  it("ignores a folder beside two splits, and says so", async () => {
    const root = await tree([...within(["train", "dev"], classes), "extra/1.jpg"]);
    const found = await outline(root);
    expect(found).toMatchObject({
      layout: "splits",
      val: ["blue:dev/blue/3.jpg", expect.any(String), expect.any(String)],
    });
    expect(found.notes).toEqual(['Ignored folders that are not splits: "extra".']);
  });

  it("is not misled by a stray image in a split", async () => {
    const root = await tree([...within(["train", "test"], classes), "train/stray.jpg", "val/"]);
    const found = await outline(root);
    expect(found).toMatchObject({ layout: "splits", classes: ["blue", "green", "red"] });
    expect(found.notes).toEqual([
      "Ignored 1 in ROOT/train outside any class folder (stray.jpg).",
      'Ignored split folders without images: "val".',
    ]);
  });
});

describe("folders that wrap", () => {
  it.each([
    [within(["data"], classes), "classes", ["ROOT/data is read, as ROOT holds no other images."]],
    [
      within(["images/train", "images/test"], classes),
      "splits",
      ["ROOT/images is read, as ROOT holds no other images."],
    ],
    [
      within(["train/train", "test/test"], classes),
      "splits",
      [
        "ROOT/train/train is read, as ROOT/train holds no other images.",
        "ROOT/test/test is read, as ROOT/test holds no other images.",
      ],
    ],
  ])("sees through %j", async (files, layout, notes) => {
    const found = await outline(await tree(files));
    expect(found).toMatchObject({ layout, classes: ["blue", "green", "red"] });
    expect(found.notes.toSorted()).toEqual(notes.toSorted());
  });

  it("names one that could be a class", async () => {
    expect(await messageOf(await tree(within(["flowers17"], classes)))).toBe(
      'ROOT: found one class ("flowers17"); at least two are needed. If the folders in it are the classes ("blue", "green", "red"), name ROOT/flowers17 as the data.',
    );
  });
});

describe("classes that would have no images", () => {
  const message = (folder: string, held: string) =>
    `${folder}: 1 class folder holds no ${readableNames} file: ${held}. Convert the images to PNG, or move folders that are not classes out of ${folder}.`;
  it.each([
    ["an empty one", ["c/"], message("ROOT", '"c" (empty)')],
    ["one of JPEG XL", ["c/1.jxl", "c/2.JXL", "c/notes.txt"], message("ROOT", '"c" (2 JPEG XL, 1 other)')],
    ["one of text", ["docs/x.md"], message("ROOT", '"docs" (1 other)')],
  ])("refuses %s", async (_, files, expected) => {
    expect(await messageOf(await tree(["a/1.jpg", "b/1.jpg", ...files]))).toBe(expected);
  });

  it("refuses one in a split, and a set of nothing else", async () => {
    const root = await tree([...within(["train", "val"], ["a/1.jpg"]), "train/b/1.jpg", "val/b/1.psd"]);
    expect(await messageOf(root)).toBe(message("ROOT/val", '"b" (1 Photoshop)'));
    expect(await messageOf(await tree(["a/1.psd", "b/1.jxl"]))).toBe(
      `ROOT: 2 class folders hold no ${readableNames} file: "a" (1 Photoshop), "b" (1 JPEG XL). Convert the images to PNG, or move folders that are not classes out of ROOT.`,
    );
  });

  it.each([
    ["Cat/1.jpg", "cat/1.jpg", "Cat", "cat"],
    ["train/Cat/1.jpg", "val/cat/1.jpg", "Cat", "cat"],
    ["7/1.jpg", "007/1.jpg", "007", "7"],
    ["\u00c9/1.jpg", "e\u0301/1.jpg", "\u00c9", "\u00e9"],
  ])("refuses %s and %s as classes of one name", async (one, other, first, second) => {
    const more = one.startsWith("train") ? ["train/dog/1.jpg"] : ["dog/1.jpg"];
    expect(await messageOf(await tree([one, other, ...more]))).toBe(
      `ROOT: "${first}", "${second}" are two classes, but one name in two spellings. Give them one spelling, or names that differ more.`,
    );
  });
});
