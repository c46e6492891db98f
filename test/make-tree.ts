/** Folders of small files for tests that read folders, and what a data set read from them comes to. */

import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Split } from "../src/datasets/dataset.ts";
import { readDataset } from "../src/datasets/read-dataset.ts";
import { FileError, InputError } from "../src/errors.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const folder = temporaryFolder("trees");

/** A fresh folder with these files, gone after the tests of the file; a name that ends in `/` is a folder. */
export async function makeTree(files: Readonly<Record<string, string>> | readonly string[]): Promise<string> {
  const root = await mkdtemp(join(folder, "tree-"));
  const entries = Array.isArray(files) ? files.map((name) => [name, ""] as const) : Object.entries(files);
  for (const [name, content] of entries) {
    await mkdir(name.endsWith("/") ? join(root, name) : dirname(join(root, name)), { recursive: true });
    if (!name.endsWith("/")) await writeFile(join(root, name), content);
  }
  return root;
}

/** `class:path` per example of each split that has some, paths relative to the root. */
export async function outline(root: string) {
  const { layout, classes, splits, notes } = await readDataset(root);
  const base = root.endsWith(".csv") ? dirname(root) : root;
  const show = (split: Split) =>
    splits[split].map(({ path, label }) => `${classes[label]}:${path.slice(base.length + 1)}`);
  const own = (["train", "val", "test"] as const).filter((split) => splits[split].length > 0);
  const local = notes.map((note) => note.replaceAll(root, "ROOT"));
  return { layout, classes, ...Object.fromEntries(own.map((split) => [split, show(split)])), notes: local };
}

/** The message with which reading fails. */
export async function messageOf(root: string): Promise<string> {
  const error = await readDataset(root).then(
    () => undefined,
    (error: unknown) => error,
  );
  if (!(error instanceof FileError || error instanceof InputError))
    throw new Error(`no error of ours: ${error}`);
  return error.message.replaceAll(root, "ROOT");
}
