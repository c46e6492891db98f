import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { messageOf, outline, makeTree as tree } from "../../test/make-tree.ts";
import { FileError } from "../errors.ts";
import { openCsv } from "./read-csv.ts";

const open = (text: string) => openCsv(text, "l.csv");
const rows = (text: string) =>
  [...open(text).entries()].map(({ file, label, split }) => [file, label, split]);
const refused = (text: string) => () => rows(text);

describe("openCsv", () => {
  it.each([
    ["file,label", "1,cat"],
    ["filename;class", "1;cat"],
    ["label\timage", "cat\t1"],
    ["image_id,label", "1,cat"],
    ["file_name,label", "1,cat"],
    ["File Name,Class Name", "1,cat"],
    ["path,category", "1,cat"],
    ["filepaths,labels", "1,cat"],
    ["id,breed", "1,cat"],
    ["Id,Category", "1,cat"],
    ["species,scan", "cat,1"],
    ['"file","label"', '"1","cat"'],
    [",file,label", "0,1,cat"],
  ])("knows the columns of %j", (header, row) => {
    expect(rows(`${header}\n${row}\n`)).toEqual([["1", "cat", undefined]]);
  });

  it.each([
    ["split", "valid", "val"],
    ["data set", "Training", "train"],
    ["subset", "dev", "val"],
    ["is_valid", "True", "val"],
    ["is_valid", "0", "train"],
  ])("takes the split from %s = %s", (column, cell, split) => {
    expect(rows(`file,label,${column}\n1,cat,${cell}`)).toEqual([["1", "cat", split]]);
  });

  it("names the columns that it does not use, and passes over rows of nothing", () => {
    const text = ",label,file,fold,class\n0,cat,1,2,3\n,,,,\n";
    expect(open(text).notes).toEqual(["Columns of l.csv that are not used: fold, class."]);
    expect(rows(text)).toEqual([["1", "cat", undefined]]);
  });

  it.each([
    [
      "file,label\n1,cat\n2\n",
      "line 3: there are 1 cells, the first line names 2 columns. Fill in the missing cells.",
    ],
    ["file,label,is_valid\n1,cat,maybe", 'line 2: is_valid is "maybe"; it must be true or false.'],
    ["file,label,usage\n1,cat,PublicTest", 'line 2: usage is "PublicTest"; it must be train, val or test.'],
  ])("refuses %j", (text, message) => {
    expect(refused(text)).toThrow(new FileError(`l.csv, ${message}`));
  });

  it.each([
    ["file,label,Label\n1,a,b", 'the first line names the column "Label" twice. Rename one.'],
    [
      "file,label,split,is_valid\n1,a,train,0",
      'the columns "split", "is_valid" all say which split a row is of. Keep one.',
    ],
    ["epoch,loss\n1,2", 'the first line must name the columns file and label, got "epoch, loss".'],
    ["file\n1", 'the first line must name the columns file and label, got "file".'],
    ["", 'the first line must name the columns file and label, got "".'],
  ])("refuses the header of %j", (text, message) => {
    expect(refused(text)).toThrow(expect.objectContaining({ code: "FILE", message: `l.csv: ${message}` }));
  });

  it("stops at a limit on rows before they fill the memory", () => {
    const text = `file,label\n${",\n".repeat(2_000_001)}`;
    expect(refused(text)).toThrow(
      new FileError("l.csv has more than 2000000 rows, which is the limit for a list. Use a part of them."),
    );
  });
});

describe("tables beside images", () => {
  it("finds ids without endings, wherever Kaggle puts the images", async () => {
    const root = await tree({
      ...{ "train/1.jpg": "", "train/2.png": "", "test/1.jpg": "", "test/3.jpg": "" },
      ...{ "train.csv": "id,breed\n1,pug\n2,husky\n", "test.csv": "id\n1\n3\n" },
      "sample_submission.csv": "id,breed\n1,pug\n3,pug\n",
    });
    const read = {
      ...{ layout: "csv", classes: ["husky", "pug"], train: ["pug:train/1.jpg", "husky:train/2.png"] },
      notes: [
        "Not read, as they list no images of ROOT: sample_submission.csv, test.csv.",
        "The files of the train list are found in ROOT/train.",
        "2 of the 4 images in ROOT are in no list, and are left out.",
      ],
    };
    expect(await outline(root)).toEqual(read);
    expect(await outline(join(root, "train.csv"))).toMatchObject({ train: read.train });
  });

  it("never takes a training image from a split that is held out", async () => {
    const root = await tree({ "train/1.jpg": "", "test/2.jpg": "", "labels.csv": "id,label\n1,a\n2,b\n" });
    expect(await messageOf(root)).toBe(
      "ROOT: 1 of the 2 files named in the lists is missing:\n  2\nROOT/test/2.jpg has such a name. Write paths relative to ROOT.",
    );
  });

  it("validates on some of train/, as fastai does", async () => {
    const root = await tree({
      ...{ "train/1.jpg": "", "train/2.jpg": "", "train/3.jpg": "" },
      "labels.csv": "name;label;is_valid\n1;a;False\n2;b;False\n3;a;True\n",
    });
    expect(await outline(root)).toMatchObject({
      train: ["a:train/1.jpg", "b:train/2.jpg"],
      val: ["a:train/3.jpg"],
    });
  });

  it("reads a table for each split", async () => {
    const root = await tree({
      ...{ "train/1.jpg": "", "train/2.jpg": "", "test/1.jpg": "" },
      ...{ "train_labels.csv": "file,label\n1.jpg,a\n2.jpg,b\n", "test_labels.csv": "file,label\n1.jpg,b\n" },
    });
    expect(await outline(root)).toMatchObject({
      train: ["a:train/1.jpg", "b:train/2.jpg"],
      test: ["b:test/1.jpg"],
    });
  });

  it("finds files in several folders, by Windows paths, in another case, in a wrapper", async () => {
    const root = await tree({
      ...{ "data/part1/a.JPG": "", "data/part2/b.jpg": "", "data/part2/sub/c.jpg": "" },
      "data/labels.csv": "file,label\na.jpg,x\nb.jpg,y\nsub\\c.jpg,y\n",
    });
    expect(await outline(root)).toEqual({
      ...{ layout: "csv", classes: ["x", "y"] },
      train: ["x:data/part1/a.JPG", "y:data/part2/b.jpg", "y:data/part2/sub/c.jpg"],
      notes: [
        "ROOT/data is read, as ROOT holds no other images.",
        "The files of the train list are found in ROOT/data/part1, ROOT/data/part2.",
        'The classes are those of labels.csv; the class folders ("part1", "part2") are not read as classes or splits.',
      ],
    });
  });

  it("takes no file where two could be meant", async () => {
    const root = await tree({
      "p/1.jpg": "",
      "q/1.jpg": "",
      "q/2.jpg": "",
      "l.csv": "file,label\n1.jpg,a\n2.jpg,b\n",
    });
    expect(await messageOf(join(root, "l.csv"))).toMatch(
      /: 1 of the 2 files named in the lists is missing:\n {2}1\.jpg/,
    );
  });

  it.each([
    [
      "a class that is only validated",
      "file,label,split\n1.jpg,a,train\n2.jpg,b,train\n3.jpg,c,val\n",
      'ROOT: train has no images of "c", which val has. Every class must be in train.',
    ],
    [
      "two spellings of a label",
      "file,label\n1.jpg,Cat\n2.jpg,cat\n3.jpg,dog\n",
      'ROOT: "Cat", "cat" are two classes, but one name in two spellings. Give them one spelling, or names that differ more.',
    ],
    [
      "columns of which none may be the class",
      "file,size,score\n1.jpg,1,2\n2.jpg,1,2\n",
      'ROOT/l.csv names images, but none of its columns "file", "size", "score" is known to hold their classes. Call that column label, or move the file away if it is about something else.',
    ],
  ])("refuses %s", async (_, csv, message) => {
    expect(await messageOf(await tree({ "1.jpg": "", "2.jpg": "", "3.jpg": "", "l.csv": csv }))).toBe(
      message,
    );
  });
});

describe("lists beside class folders", () => {
  const folders = { "a/1.jpg": "", "b/2.jpg": "", "b/3.jpg": "" };

  it.each([
    ["labels.csv", "file,label\na/1.jpg,x\nb/2.jpg,y\n", "2 of its 3", "name it as the data"],
    ["test.txt", "a/1.jpg 0\n", "1 of its 3", "move the images that it does not name out of it"],
    ["sizes.csv", "file,width\na/1.jpg,9\nb/2.jpg,8\nb/3.jpg,8\n", "3 of its 3", "name it as the data"],
  ])("refuses to choose between them and %s", async (name, text, part, remedy) => {
    expect(await messageOf(await tree({ ...folders, [name]: text }))).toBe(
      `ROOT can be read in two ways: as class folders ("a", "b"), or by ${name}, which names ${part} images. To read the folders, move ${name} out of it; to read ${name}, ${remedy}.`,
    );
  });

  it.each([
    ["labels.csv", "id,name\n0,a\n1,b\n", "Not read, as they list no images of ROOT: labels.csv."],
    [
      "test.txt",
      "hello world\n",
      'Not read: ROOT/test.txt, line 1: expected a path and a whole number, got "hello world".',
    ],
    [
      "train.json",
      '{ "loss": 1.5 }',
      'Not read: ROOT/train.json, "loss": a class id is a whole number or a name, got 1.5.',
    ],
    ["requirements.txt", "numpy 1\n", undefined],
  ])("reads the folders, and says so, beside a stray %s", async (name, text, note) => {
    const found = await outline(await tree({ ...folders, [name]: text }));
    expect(found).toMatchObject({ layout: "classes", classes: ["a", "b"] });
    expect(found.notes.slice(0, -1)).toEqual(note === undefined ? [] : [note]);
    expect(found.notes.at(-1)).toMatch(new RegExp(`^Ignored 1 entry .*\\(${name}\\)\\.$`));
  });

  it.each([
    ["labels.csv", "file,label\na/1.jpg,x\nb/2.jpg,y\nb/3.jpg,x\n", ["x", "y"], []],
    [
      "train.txt",
      "a/1.jpg 0\nb/2.jpg 1\n",
      ["0", "1"],
      ["1 of the 3 images in ROOT are in no list, and are left out."],
    ],
  ])("reads %s, which says all there is to train on", async (name, text, classes, more) => {
    const found = await outline(await tree({ ...folders, [name]: text }));
    expect(found).toMatchObject({ classes });
    expect(found.notes).toEqual([
      `The classes are those of ${name}; the class folders ("a", "b") are not read as classes or splits.`,
      ...more,
    ]);
  });

  it("refuses lists of two kinds", async () => {
    const lists = { "train.txt": "a/1.jpg 0\nb/2.jpg 1\n", "l.csv": "file,label\na/1.jpg,x\nb/2.jpg,y\n" };
    expect(await messageOf(await tree({ ...folders, ...lists }))).toBe(
      "ROOT: l.csv and train.txt both list its images. Keep one of them there.",
    );
  });
});
