/** Decodes every image of a data set once: which cannot be used, which are too small, long or empty, and what each looks like. */

import { availableParallelism } from "node:os";
import { abortable } from "../abortable.ts";
import { FileError } from "../errors.ts";
import type { ImageFacts } from "../images/image-facts.ts";
import { ImagePool } from "../images/image-pool.ts";
import type { Sketch } from "../images/sketch.ts";
import { limits } from "../limits.ts";
import type { BadImage } from "./check-images.ts";
import { type Dataset, splitNames } from "./dataset.ts";

export type Size = readonly [width: number, height: number];

export interface Looked {
  readonly files: number;
  /** Those that cannot be used, with reasons. */
  readonly bad: readonly BadImage[];
  /** How many there are of each kind. */
  readonly kinds: Readonly<Record<string, number>>;
  readonly smallest: Size | null;
  readonly largest: Size | null;
  /** Less than `SMALL` pixels wide or high. */
  readonly small: readonly string[];
  /** More than `LONG` times as long as wide, or as wide as long. */
  readonly elongated: readonly string[];
  /** Of one colour all over. */
  readonly singleColour: readonly string[];
}

/** By path, as far as memory allows; none of an image that cannot be used. */
export type Sketches = ReadonlyMap<string, Sketch>;

/** A quarter of what most models take, and four patches of them: what is smaller is mostly made of guessed pixels. */
export const SMALL = 64;
/** Squashed to a square, a circle becomes this much longer than wide. */
export const LONG = 4;
/** Values of a channel that differ by less are one colour with the noise of JPEG. */
const FLAT = 8;
const MAX_COMPARED = limits.MAX_COMPARED_IMAGES.value;

export interface LookOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called after each file. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** What one image is, or why it cannot be used; its sketch is kept elsewhere. */
type Found = { readonly facts: ImageFacts; readonly isFlat: boolean } | { readonly reason: string };

/** Works on as many images at a time as there are cores, at most four. */
export async function lookAtImages(
  { splits }: Pick<Dataset, "splits">,
  { signal, onProgress }: LookOptions = {},
): Promise<{ readonly looked: Looked; readonly sketches: Sketches }> {
  const paths = [...new Set(splitNames.flatMap((split) => splits[split].map(({ path }) => path)))];
  const found = new Array<Found>(paths.length);
  const sketches = new Map<string, Sketch>();
  const threads = Math.min(4, availableParallelism());
  const pool = new ImagePool(threads);
  const remaining = paths.entries();
  let done = 0;
  const look = async (path: string, at: number): Promise<Found> => {
    try {
      const { facts, sketch } = await pool.run({
        type: "sketch",
        source: { type: "path", path },
        where: path,
      });
      if (at < MAX_COMPARED) sketches.set(path, sketch);
      return { facts, isFlat: sketch.range < FLAT };
    } catch (error) {
      if (error instanceof FileError) return { reason: error.message };
      throw error;
    }
  };
  async function lookAtRemaining(): Promise<void> {
    for (const [at, path] of remaining) {
      signal?.throwIfAborted();
      found[at] = await abortable(look(path, at), signal);
      onProgress?.(++done, paths.length);
    }
  }
  try {
    // A few more requests than processes, so that none is idle.
    await Promise.all(Array.from({ length: 2 * threads }, lookAtRemaining));
  } finally {
    await pool.close();
  }
  return { looked: { files: paths.length, ...summarise(paths, found) }, sketches };
}

function summarise(paths: readonly string[], found: readonly Found[]): Omit<Looked, "files"> {
  const kinds: Record<string, number> = {};
  const [bad, small, elongated, singleColour] = [[], [], [], []] as [
    BadImage[],
    string[],
    string[],
    string[],
  ];
  let smallest: ImageFacts | undefined;
  let largest: ImageFacts | undefined;
  for (const [at, path] of paths.entries()) {
    const one = found[at] as Found;
    if ("reason" in one) {
      bad.push({ path, reason: one.reason });
      continue;
    }
    const { facts, isFlat } = one;
    const [short, long] = [Math.min(facts.width, facts.height), Math.max(facts.width, facts.height)];
    kinds[facts.kind] = (kinds[facts.kind] ?? 0) + 1;
    if (smallest === undefined || pixels(facts) < pixels(smallest)) smallest = facts;
    if (largest === undefined || pixels(facts) >= pixels(largest)) largest = facts;
    if (short < SMALL) small.push(path);
    if (long > LONG * short) elongated.push(path);
    if (isFlat) singleColour.push(path);
  }
  return { bad, kinds, smallest: sizeOf(smallest), largest: sizeOf(largest), small, elongated, singleColour };
}

const pixels = ({ width, height }: ImageFacts): number => width * height;
const sizeOf = (facts: ImageFacts | undefined): Size | null => (facts ? [facts.width, facts.height] : null);
