/** Reads the headers of all images of a data set: their formats and sizes, and which of them cannot be used. */

import { FileError } from "../errors.ts";
import { decodeImage } from "../images/decode.ts";
import { type ImageFacts, readImageFacts } from "../images/image-facts.ts";
import { limits } from "../limits.ts";
import type { BadImage } from "./check-images.ts";
import { type Dataset, splitNames } from "./dataset.ts";

export type Size = readonly [width: number, height: number];

export interface Looked {
  readonly files: number;
  readonly unreadable: number;
  /** The first of those, with reasons. */
  readonly bad: readonly BadImage[];
  /** How many there are of each kind. */
  readonly kinds: Readonly<Record<string, number>>;
  readonly smallest: Size | null;
  readonly largest: Size | null;
  /** How many are less than `SMALL` pixels wide or high. */
  readonly small: number;
}

/** The side of CIFAR's images, and two patches of a usual model: below it there is little to see. */
export const SMALL = 32;
/** How many bad images are decoded to say why. */
const EXPLAINED = limits.MAX_PRINTED.value;
/** So many headers are read at a time: enough to keep a disk busy. */
const AT_ONCE = 8;

export interface LookOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called after each file. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Reads the header of every image once. */
export async function lookAtImages(
  { splits }: Pick<Dataset, "splits">,
  { signal, onProgress }: LookOptions = {},
): Promise<Looked> {
  const paths = [...new Set(splitNames.flatMap((split) => splits[split].map(({ path }) => path)))];
  const found = new Array<ImageFacts | undefined>(paths.length);
  const remaining = paths.entries();
  let done = 0;
  async function lookAtRemaining(): Promise<void> {
    for (const [at, path] of remaining) {
      signal?.throwIfAborted();
      found[at] = await readImageFacts(path);
      onProgress?.(++done, paths.length);
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, lookAtRemaining));
  const unreadable = paths.filter((_, at) => found[at] === undefined);
  const bad = await Promise.all(unreadable.slice(0, EXPLAINED).map(explain));
  return { files: paths.length, unreadable: unreadable.length, bad, ...summarise(found) };
}

async function explain(path: string): Promise<BadImage> {
  try {
    await decodeImage(path);
    return { path, reason: `${path}: its header cannot be read. Replace it or remove it.` };
  } catch (error) {
    if (error instanceof FileError) return { path, reason: error.message };
    throw error;
  }
}

function summarise(found: readonly (ImageFacts | undefined)[]) {
  const kinds: Record<string, number> = {};
  let smallest: ImageFacts | undefined;
  let largest: ImageFacts | undefined;
  let small = 0;
  for (const facts of found) {
    if (facts === undefined) continue;
    kinds[facts.kind] = (kinds[facts.kind] ?? 0) + 1;
    if (smallest === undefined || pixels(facts) < pixels(smallest)) smallest = facts;
    if (largest === undefined || pixels(facts) >= pixels(largest)) largest = facts;
    if (Math.min(facts.width, facts.height) < SMALL) small++;
  }
  return { kinds, smallest: sizeOf(smallest), largest: sizeOf(largest), small };
}

const pixels = ({ width, height }: ImageFacts): number => width * height;
const sizeOf = (facts: ImageFacts | undefined): Size | null => (facts ? [facts.width, facts.height] : null);
