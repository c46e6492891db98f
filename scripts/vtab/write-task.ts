/** Writes a task as the VTAB-1k that circulates is laid out: four lists, and images by their numbers. */

import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { readDataset } from "../../src/datasets/read-dataset.ts";
import { FileError } from "../../src/errors.ts";
import { writeFolderAtomically } from "../../src/files/write-folder.ts";
import { type ImageKind, readableKinds, sniffImage } from "../../src/images/sniff-image.ts";
import { type BuiltBy, builtByFile } from "../../src/study/built-by.ts";
import { describeCopy } from "../../src/study/study-data.ts";
import { readHead } from "./read-original.ts";
import type { TaskImages } from "./take-slices.ts";
import type { Original, OriginalImage, VtabTask } from "./task.ts";

export interface WriteTaskOptions {
  readonly folder: string;
  /** Where the images come from, in a word or two. */
  readonly from: string;
  readonly onProgress: (done: number, total: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Images written at once. */
const together = 8;

/** The folder appears whole, and must not exist yet or be empty. */
export async function writeTask(
  task: VtabTask,
  images: TaskImages,
  { folder, from, onProgress, signal }: WriteTaskOptions,
): Promise<void> {
  const total = images.train800.length + images.val200.length + images.test.length;
  let done = 0;
  const count = () => {
    signal?.throwIfAborted();
    onProgress(++done, total);
  };
  await writeFolderAtomically(folder, async (temporary) => {
    const write = (name: keyof TaskImages) => writeList(temporary, { name, originals: images[name], count });
    const train = await write("train800");
    const val = await write("val200");
    const test = await write("test");
    const lists = { train800: train, val200: val, train800val200: [...train, ...val], test };
    for (const [name, lines] of Object.entries(lists))
      await writeFile(join(temporary, `${name}.txt`), lines.map((line) => `${line}\n`).join(""));
    // By the hashes of its images a study knows the copy again, wherever it lies.
    const { manifest } = await describeCopy(await readDataset(temporary));
    const record: BuiltBy = { benchmark: "VTAB-1k", task: task.name, source: task.tfds, from, manifest };
    await writeFile(join(temporary, builtByFile), `${JSON.stringify(record, null, 2)}\n`);
  });
}

interface List {
  readonly name: string;
  readonly originals: readonly Original[];
  /** Called after each image. */
  readonly count: () => void;
}

/** The list's lines: the path of an image below the folder, and its label. */
async function writeList(folder: string, { name, originals, count }: List): Promise<string[]> {
  await mkdir(join(folder, "images", name), { recursive: true });
  const lines: string[] = new Array(originals.length);
  let next = 0;
  let failure: { readonly error: unknown } | undefined;
  const work = async () => {
    for (let at = next++; at < originals.length && !failure; at = next++) {
      const { label, image, key } = originals[at] as Original;
      const path = `images/${name}/${String(at).padStart(6, "0")}`;
      const extension = await writeImage(join(folder, path), await image(), key);
      lines[at] = `${path}.${extension} ${label}`;
      count();
    }
  };
  const stop = (error: unknown) => {
    failure ??= { error };
  };
  // What is being written ends first: the folder is removed after an error, and must stay so.
  await Promise.all(Array.from({ length: together }, () => work().catch(stop)));
  if (failure) throw failure.error;
  return lines;
}

/** Writes to `path` with the extension of its kind, which it gives. */
async function writeImage(path: string, image: OriginalImage, key: string | number): Promise<string> {
  if ("pixels" in image) {
    const { pixels, width, height, channels } = image;
    const raw = sharp(pixels, { raw: { width, height, channels } });
    // Else libvips makes three channels of one.
    await (channels === 1 ? raw.toColourspace("b-w") : raw).png().toFile(`${path}.png`);
    return "png";
  }
  const head = "file" in image ? await readHead(image.file) : image.bytes.subarray(0, 64);
  const kind = sniffImage(head) ?? "unknown";
  if (!Object.hasOwn(readableKinds, kind))
    throw new FileError(
      `${"file" in image ? image.file : `The image ${key}`} is no image by its first bytes (${kind}). Extract it again.`,
    );
  // Whatever it was called: some JPEG of the originals are PNG or GIF.
  const [extension] = readableKinds[kind as ImageKind];
  if ("file" in image) await copyFile(image.file, `${path}.${extension}`);
  else await writeFile(`${path}.${extension}`, image.bytes);
  return extension;
}
