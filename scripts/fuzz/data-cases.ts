/** Cases of data sets: tables, lists, names of classes, folders of images. */

import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describeDataset } from "../../src/datasets/describe-dataset.ts";
import { duplicateNotes, findEqualFiles } from "../../src/datasets/duplicates.ts";
import { findImages } from "../../src/datasets/find-images.ts";
import { parseJsonList, parseTextList } from "../../src/datasets/list-files.ts";
import { listTree } from "../../src/datasets/list-tree.ts";
import { parseCsv } from "../../src/datasets/parse-csv.ts";
import { parseCorrections } from "../../src/datasets/read-corrections.ts";
import { findSeparator, openCsv } from "../../src/datasets/read-csv.ts";
import { readDataset } from "../../src/datasets/read-dataset.ts";
import { readListFile } from "../../src/datasets/read-list-file.ts";
import { listKind } from "../../src/datasets/split-names.ts";
import { splitTrainValidation } from "../../src/datasets/split-train-validation.ts";
import { parseJson } from "../../src/files/read-json.ts";
import { decode, type FuzzCase, type Place } from "./fuzz-case.ts";

const csv = [
  'file,label,split\nimages/a.jpg,cat,train\n"images/b,1.jpg",dog,train\nimages/c.jpg,cat,test\n',
  "id;breed\r\na;cat\r\nc;dog\r\n",
  "image\tclass\tis_valid\na.jpg\t0\tFalse\nd.jpg\t1\tFalse\nc.jpg\t1\tTrue\n",
  "fname,cat,dog\na.jpg,1,0\nc.jpg,0,1\n",
];
const corrections = [
  `file,sha256,old_label,action,new_label\ncat/a.jpg,${"0f".repeat(32)},cat,relabel,dog\n"b,1.jpg",,'=x,keep,\n'=c.jpg,,,remove,\n`,
  "action;new_label;file\r\nrelabel;dog;cat/a.jpg\r\n",
];
const vtab = "images/a.jpg 0\nimages/b with spaces.jpg 1\nimages/c.jpg 2\n";
const fgvc = JSON.stringify({ "images/a.jpg": 0, "images/c.jpg": 1, "images/d.jpg": "owl" });

const folders = {
  "cat/a.jpg": "1",
  "cat/b.png": "2",
  "dog/a.jpg": "3",
  "dog/.hidden": "4",
  "dog/notes.txt": "5",
};
const splits = {
  ...{ "train/cat/a.jpg": "1", "train/dog/a.jpg": "2", "val/cat/b.jpg": "3", "val/dog/b.jpg": "1" },
  ...{ "test/cat/c.jpg": "5", "test/dog/c.jpg": "6", "more/cat/d.jpg": "-> ../../train/cat/a.jpg" },
};
const lists = {
  ...{ "train.txt": vtab, "val.txt": "images/c.jpg 2\n", "meta.json": '{"classes":["x","y","z"]}' },
  ...{ "images/a.jpg": "", "images/b with spaces.jpg": "", "images/c.jpg": "" },
};
const table = {
  "labels.csv": csv[0],
  "images/a.jpg": "1",
  "images/b,1.jpg": "2",
  "images/c.jpg": "3",
  "images/d.jpg": "4",
};
const fgvcTree = {
  "train.json": fgvc,
  "test.json": '{"images/c.jpg":0}',
  "images/a.jpg": "",
  "images/c.jpg": "",
  "images/d.jpg": "",
};

const reads = (tree: object): string => JSON.stringify(tree);

/** Everything in the generator, one after the other. */
function drain(items: Iterable<unknown>): void {
  for (const _ of items);
}

/** Makes a tree of `{ path: content }`; a content that begins with `-> ` is a link. What no disk would take is left out. */
function makeTree(root: string, tree: Readonly<Record<string, unknown>>): void {
  rmSync(root, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  for (const [name, content] of Object.entries(tree).slice(0, 60)) {
    const parts = name.split("/");
    if (parts.includes("..") || name.length > 1000) continue;
    const path = join(root, name);
    try {
      mkdirSync(dirname(path), { recursive: true });
      if (typeof content === "string" && content.startsWith("-> ")) linkTo(path, content.slice(3));
      else writeFileSync(path, typeof content === "string" ? content : (JSON.stringify(content) ?? ""));
    } catch {
      // A name that the disk refuses, or a file where a folder would have to be.
    }
  }
}

/** Links lead to places inside, whatever has become of their text: what lies elsewhere is not ours to read. */
function linkTo(path: string, target: string): void {
  const up = target.match(/\.\.\//g)?.length ?? 0;
  if (up <= 2 && !target.startsWith("/")) symlinkSync(target, path);
}

const treeOf = (input: Uint8Array, { folder }: Place): string => {
  const root = join(folder, "tree", "of", "data");
  const value = parseJson(decode(input), "a tree");
  makeTree(root, value !== null && typeof value === "object" ? (value as Record<string, unknown>) : {});
  return root;
};

async function useDataset(root: string): Promise<void> {
  const dataset = await readDataset(root);
  describeDataset(dataset);
  duplicateNotes(
    dataset,
    await findEqualFiles(
      Object.values(dataset.splits)
        .flat()
        .map(({ path }) => path),
    ),
  );
  await splitTrainValidation(dataset, { seed: 1 });
}

export const dataCases: readonly FuzzCase[] = [
  {
    name: "csv",
    readers: [
      "datasets/read-csv.ts openCsv",
      "datasets/read-csv.ts findSeparator",
      "datasets/parse-csv.ts parseCsv",
    ],
    form: "text",
    share: 60,
    corpus: async () => csv,
    run: (input) => {
      const text = decode(input);
      drain(parseCsv(text, { path: "a.csv" }));
      findSeparator(text, "a.csv");
      drain(openCsv(text, "a.csv").entries());
    },
  },
  {
    name: "text-list",
    readers: ["datasets/list-files.ts parseTextList"],
    form: "text",
    share: 60,
    corpus: async () => [vtab],
    run: (input) => drain(parseTextList(decode(input), "train.txt")),
  },
  {
    name: "json-list",
    readers: ["datasets/list-files.ts parseJsonList"],
    form: "json",
    share: 60,
    corpus: async () => [fgvc],
    run: (input) => drain(parseJsonList(decode(input), "train.json")),
  },
  {
    name: "corrections",
    readers: ["datasets/read-corrections.ts parseCorrections"],
    form: "text",
    share: 60,
    corpus: async () => corrections,
    run: (input) => void parseCorrections(decode(input), "corrections.csv"),
  },
  {
    name: "list-names",
    readers: ["datasets/split-names.ts listKind"],
    form: "text",
    share: 40,
    corpus: async () => ["train800val200.txt", "Training-labels.csv", "val_list.json"],
    run: (input) => void listKind(decode(input)),
  },
  {
    name: "table-file",
    readers: ["datasets/read-dataset.ts readDataset", "datasets/read-list-file.ts readListFile"],
    form: "text",
    share: 2,
    corpus: async ({ folder }) => {
      makeTree(join(folder, "table"), table);
      return csv;
    },
    run: async (input, { write }) => {
      const path = write("table/labels.csv", input);
      await readListFile(path);
      await useDataset(path);
    },
  },
  {
    name: "folder-tree",
    readers: [
      "datasets/read-dataset.ts readDataset",
      "datasets/list-tree.ts listTree",
      "datasets/find-images.ts findImages",
      "datasets/read-folders.ts seeFolders",
      "datasets/duplicates.ts findEqualFiles",
    ],
    form: "json",
    share: 1,
    corpus: async () => [reads(folders), reads(splits)],
    run: async (input, place) => {
      const root = treeOf(input, place);
      await listTree(root);
      await findImages(root);
      await useDataset(root);
    },
  },
  {
    name: "list-tree",
    readers: [
      "datasets/detect-lists.ts detectLists",
      "datasets/detect-lists.ts openList",
      "datasets/detect-lists.ts readLists",
      "datasets/find-listed.ts openFinder",
      "datasets/find-listed.ts findAnywhere",
    ],
    form: "json",
    share: 1,
    corpus: async () => [reads(lists), reads(table), reads(fgvcTree)],
    run: async (input, place) => useDataset(treeOf(input, place)),
  },
];
