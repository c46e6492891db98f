/** The data of a study: three splits, the same for every seed, and which copy of the data set they are. */

import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { relative, sep } from "node:path";
import { type Dataset, type Example, splitNames } from "../datasets/dataset.ts";
import { readDataset } from "../datasets/read-dataset.ts";
import { splitTrainValidation } from "../datasets/split-train-validation.ts";
import { InputError } from "../errors.ts";
import { type EachFileOptions, eachFile, hexHash } from "../files/each-file.ts";
import { readProblem } from "../files/file-problem.ts";
import { jpegQuality } from "../images/jpeg-quality.ts";
import { sniffImage } from "../images/sniff-image.ts";
import { describeBuiltBy, readBuiltBy } from "./built-by.ts";

/** Which images are held out is not part of what seeds vary: every trial of a study has the same splits. */
const splitSeed = 42;
const defaultFraction = 0.2;

export interface DataOptions {
  readonly validationFraction?: number | undefined;
  readonly testFraction?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Reads a data set and gives it the splits that it lacks: first test, then validation images are held out of the training images. */
export async function openStudyData(
  path: string,
  { validationFraction, testFraction, signal }: DataOptions,
): Promise<Dataset> {
  const read = await readDataset(path, signal ? { signal } : {});
  const withTest =
    read.splits.test.length > 0
      ? read
      : await holdOutTest(read, { fraction: testFraction ?? defaultFraction, signal });
  const whole = await splitTrainValidation(withTest, {
    ...{ seed: splitSeed, fraction: validationFraction ?? defaultFraction },
    ...(signal && { signal }),
  });
  for (const split of splitNames)
    if (whole.splits[split].length === 0)
      throw new InputError(
        `${path}: a study needs training, validation and test images, and there are too few to hold ${split} images out. Give more images.`,
      );
  return whole;
}

async function holdOutTest(
  dataset: Dataset,
  { fraction, signal }: { fraction: number; signal: AbortSignal | undefined },
): Promise<Dataset> {
  const { train, val } = dataset.splits;
  const alone = { ...dataset, splits: { train, val: [], test: [] }, notes: [] };
  const held = await splitTrainValidation(alone, { seed: splitSeed, fraction, ...(signal && { signal }) });
  const test = held.splits.val;
  const note = `No test split was given: ${test.length} of the ${train.length} training images, chosen class by class with seed ${splitSeed}, are held out as one.`;
  return { ...dataset, splits: { train: held.splits.train, val, test }, notes: [...dataset.notes, note] };
}

/** Which copy of a data set was read: two copies of the same name often differ, and their numbers with them. */
export interface DataCopy {
  /** SHA-256 over the sorted SHA-256 hashes of all images, in hexadecimal: the same wherever they lie and whatever they are called. */
  readonly manifest: string;
  /** The same of paths, labels and contents, split by split and in order: what a training run depends on. */
  readonly listing: string;
  readonly images: { readonly train: number; readonly val: number; readonly test: number };
  readonly classes: number;
  /** How many files of each kind, by their first bytes; of JPEG files with the quality that all their tables have. */
  readonly kinds: Readonly<Record<string, number>>;
  /** Who built it, in a few words, where a builder has left its record. */
  readonly built?: string;
}

/** Reads every image file once. */
export async function describeCopy(
  { root, classes, splits }: Dataset,
  options: EachFileOptions = {},
): Promise<DataCopy> {
  const paths = [...new Set(splitNames.flatMap((split) => splits[split].map(({ path }) => path)))].sort();
  const files = await eachFile(paths, readFacts, options);
  const facts = new Map(paths.map((path, index) => [path, files[index]]));
  const listed = splitNames.map((split) =>
    splits[split].map(({ path, label }: Example) => [
      ...[relative(root, path).split(sep).join("/"), label, facts.get(path)?.sha256],
    ]),
  );
  const kinds: Record<string, number> = {};
  for (const { kind } of files) kinds[kind] = (kinds[kind] ?? 0) + 1;
  const count = ({ length }: readonly Example[]) => length;
  const hashes = files.map((file) => file.sha256).sort();
  const manifest = sha256(`${hashes.join("\n")}\n`);
  const built = await readBuiltBy(root);
  return {
    manifest,
    ...(built && { built: describeBuiltBy(built, manifest) }),
    listing: sha256(JSON.stringify([classes, listed])),
    images: { train: count(splits.train), val: count(splits.val), test: count(splits.test) },
    classes: classes.length,
    kinds,
  };
}

/** Tables of a JPEG come after what a camera or an editor says of the picture. */
const headBytes = 2 ** 16;

function kindOf(head: Uint8Array): string {
  const kind = sniffImage(head) ?? "unknown";
  const quality = kind === "JPEG" ? jpegQuality(head) : undefined;
  return quality === undefined ? kind : `${kind} of quality ${quality}`;
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

async function readFacts(path: string): Promise<{ readonly sha256: string; readonly kind: string }> {
  try {
    const handle = await open(path);
    try {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(headBytes), 0, headBytes, 0);
      return { sha256: await hexHash(path), kind: kindOf(buffer.subarray(0, bytesRead)) };
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw readProblem(cause, path);
  }
}
