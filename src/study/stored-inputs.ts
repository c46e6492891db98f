/** What a study's trials read, in a store: data sets as they were split, and the model's files. */

import { createHash } from "node:crypto";
import { readdir } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, sep } from "node:path";
import { z } from "zod";
import { type Dataset, splitNames } from "../datasets/dataset.ts";
import { FileError, InputError } from "../errors.ts";
import type { EachFileOptions } from "../files/each-file.ts";
import { statOf } from "../files/exists.ts";
import { parseJson } from "../files/read-json.ts";
import { locateModel } from "../model/locate-model.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { fetchFiles, putFiles, storedFileSchema } from "../store/stored-files.ts";

const under = "files/";
const examples = z.array(z.tuple([z.int().min(0), z.int().min(0)]));
const dataSchema = z.object({
  layout: z.enum(["classes", "splits", "vtab", "fgvc", "csv"]),
  classes: z.array(z.string()),
  files: z.array(storedFileSchema),
  /** Of each example the index of its file and its label. */
  splits: z.object({ train: examples, val: examples, test: examples }),
});
const modelSchema = z.object({
  /** What is to be read of the files: one of them, or where empty their folder. */
  entry: z.string(),
  files: z.array(storedFileSchema),
});

/** Sends a data set, unless it is there: its list is written last. `listing` is `DataCopy.listing`. */
export async function putData(
  store: ObjectStore,
  { dataset, listing }: { readonly dataset: Dataset; readonly listing: string },
  options: EachFileOptions = {},
): Promise<void> {
  const key = dataKey(listing);
  const there = await store.list(under);
  if (await isWhole(store, { key, there })) return;
  const { root, layout, classes, splits } = dataset;
  const paths = [...new Set(splitNames.flatMap((split) => splits[split].map(({ path }) => path)))];
  const local = paths.map((from) => ({ from, path: relative(root, from).split(sep).join("/") }));
  const outside = local.find(({ path }) => path.startsWith("../") || isAbsolute(path));
  if (outside)
    throw new InputError(`${outside.from} is not below ${root}; images for a store must be in one folder.`);
  const files = await putFiles(store, { under, files: local, there }, options);
  const at = new Map(paths.map((path, index) => [path, index]));
  const listed = splitNames.map((split) => [
    split,
    splits[split].map(({ path, label }) => [at.get(path), label]),
  ]);
  await store.put(key, JSON.stringify({ layout, classes, files, splits: Object.fromEntries(listed) }));
}

/** Whether the list is there, and all files that it names. */
async function isWhole(
  store: ObjectStore,
  { key, there }: { readonly key: string; readonly there: ReadonlyMap<string, number> },
): Promise<boolean> {
  if (!(await store.list(key)).has(key)) return false;
  const { files } = await listAt(store, key, dataSchema);
  return files.every(({ sha256 }) => there.has(under + sha256));
}

const dataKey = (listing: string): string => `data/${listing}.json`;

/** The same data set in a folder of this machine. */
export async function fetchData(
  store: ObjectStore,
  { listing, folder }: { readonly listing: string; readonly folder: string },
): Promise<Dataset> {
  const { layout, classes, files, splits } = await listAt(store, dataKey(listing), dataSchema);
  await fetchFiles(store, { under, files, folder });
  const examplesOf = (rows: readonly (readonly [number, number])[]) =>
    rows.map(([at, label]) => {
      const file = files[at];
      if (!file || label >= classes.length)
        throw new FileError(`${store.address}, ${dataKey(listing)}: an image or a class is not in its list.`);
      return { path: join(folder, ...file.path.split("/")), label };
    });
  return {
    ...{ root: folder, layout, classes, notes: [] },
    splits: {
      train: examplesOf(splits.train),
      val: examplesOf(splits.val),
      test: examplesOf(splits.test),
    },
  };
}

/** Sends the files of a model; what they are fetched by. */
export async function putModel(
  store: ObjectStore,
  source: string,
  options: EachFileOptions = {},
): Promise<string> {
  const located = await locateModel(source, options.signal ? { signal: options.signal } : {});
  const { weights, config, preprocessor } = located;
  const folder = dirname(weights[0] ?? "");
  const indices =
    weights.length > 1
      ? (await readdir(folder)).filter((name) => name.endsWith(".safetensors.index.json"))
      : [];
  const paths = [...weights, ...indices.map((name) => join(folder, name)), config, preprocessor];
  const local = [...new Set(paths)].flatMap((from) =>
    from === undefined ? [] : [{ from, path: basename(from) }],
  );
  const isFile = isAbsolute(located.source) && (await statOf(located.source))?.isFile() === true;
  const files = await putFiles(store, { under, files: local, there: await store.list(under) }, options);
  const text = JSON.stringify({ entry: isFile ? basename(located.source) : "", files });
  const name = createHash("sha256").update(text).digest("hex");
  await store.put(modelKey(name), text);
  return name;
}

const modelKey = (name: string): string => `models/${name}.json`;

/** The path of the same model on this machine. */
export async function fetchModel(
  store: ObjectStore,
  { name, folder }: { readonly name: string; readonly folder: string },
): Promise<string> {
  const { entry, files } = await listAt(store, modelKey(name), modelSchema);
  if (entry !== "" && !files.some(({ path }) => path === entry))
    throw new FileError(`${store.address}, ${modelKey(name)}: ${entry} is not among its files.`);
  await fetchFiles(store, { under, files, folder });
  return join(folder, entry);
}

async function listAt<T>(store: ObjectStore, key: string, schema: z.ZodType<T>): Promise<T> {
  const where = `${store.address}, ${key}`;
  const bytes = await store.get(key);
  if (!bytes)
    throw new FileError(
      `${where}: there is no such object. Start the study again: it sends what is missing.`,
    );
  const parsed = schema.safeParse(parseJson(Buffer.from(bytes).toString("utf8"), where));
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]?.path.join(".") || "it";
  throw new FileError(`${where}: ${field} is not valid in this version of rlrr.`);
}
