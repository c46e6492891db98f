/** Finds images that look the same though their files differ: saved again, resized, brightened, or neighbours in a video. */

import { setImmediate } from "node:timers/promises";
import { type Sketch, sketchSide } from "../images/sketch.ts";
import { randomStream } from "../random.ts";

/**
 * Two images are near-duplicates where their greys correlate so much. JPEG of quality 50 and half the size stay above 0.98 in
 * images of 200 pixels, while of 2,125,000 pairs of hands that show ten signs no other correlates above 0.964. In 8,262 images
 * of hands, letters, textures and CIFAR it found 11 pairs, all of textures that are in the set twice, one of them recoloured.
 */
export const leastCorrelation = 0.975;
/** And their mean colours, without brightness, are at most so far apart: a red and a blue square have the same greys. */
const mostColourShift = 16;
/** The std of greys below which noise would be compared with noise: an even surface, or a pattern finer than the sketch. */
const leastContrast = 2;

/** A pair of indices, the smaller first. */
export type Pair = readonly [first: number, second: number];

export interface NearDuplicates {
  /** Sets of two or more, each in ascending order. */
  readonly groups: readonly (readonly number[])[];
  /** Pairs that look the same, enough to connect each group. */
  readonly pairs: readonly Pair[];
}

export interface NearDuplicateOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called now and then with how much of all is done. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Compares each sketch with those that hash alike rather than with all: near-duplicates share the sign of most random
 * projections (Charikar 2002), so they are close neighbours when sorted by some of these. Indices are those of `sketches`; what
 * is undefined equals nothing.
 */
export async function findNearDuplicates(
  sketches: readonly (Sketch | undefined)[],
  { signal, onProgress }: NearDuplicateOptions = {},
): Promise<NearDuplicates> {
  const known = sketches
    .flatMap((sketch, index) => (sketch === undefined ? [] : [describe(sketch, index)]))
    .filter(({ greys, norm }) => norm >= leastContrast * Math.sqrt(greys.length));
  const hashes = hashAll(known);
  const sets = new DisjointSets(sketches.length);
  const pairs: Pair[] = [];
  for (let band = 0; band < bands; band++) {
    signal?.throwIfAborted();
    eachNeighbour(hashes, band, (a, b) => {
      const [one, other] = [known[a] as Described, known[b] as Described];
      if (sets.rootOf(one.index) === sets.rootOf(other.index) || !lookAlike(one, other)) return;
      sets.join(one.index, other.index);
      pairs.push([Math.min(one.index, other.index), Math.max(one.index, other.index)]);
    });
    onProgress?.(Math.floor((known.length * (band + 1)) / bands), known.length);
    await setImmediate(); // so that Ctrl-C and the progress line have their turn
  }
  return { groups: sets.groups(), pairs: pairs.sort((a, b) => a[0] - b[0] || a[1] - b[1]) };
}

interface Described extends Sketch {
  readonly index: number;
  readonly mean: number;
  /** The root of the sum of squared differences from the mean. */
  readonly norm: number;
}

function describe(sketch: Sketch, index: number): Described {
  let [sum, squares] = [0, 0];
  for (const grey of sketch.greys) {
    sum += grey;
    squares += grey * grey;
  }
  const mean = sum / sketch.greys.length;
  return { ...sketch, index, mean, norm: Math.sqrt(Math.max(1e-9, squares - sum * mean)) };
}

function lookAlike(a: Described, b: Described): boolean {
  const shift = (of: 0 | 2): number => a.colour[of] - a.colour[1] - (b.colour[of] - b.colour[1]);
  if (Math.abs(shift(0)) > mostColourShift || Math.abs(shift(2)) > mostColourShift) return false;
  let product = 0;
  for (let at = 0; at < a.greys.length; at++) product += (a.greys[at] as number) * (b.greys[at] as number);
  return product - a.greys.length * a.mean * b.mean >= leastCorrelation * a.norm * b.norm;
}

/** A hash is so many numbers of so many bits; a pair is compared where at least one number is the same. */
const bands = 12;
const bitsPerBand = 14;
/** Projections are of 16 x 16 greys: finer detail is what changes when an image is saved again. */
const hashSide = sketchSide / 2;
/** In a set of very similar images many share a number; each is compared with so many of them, the most similar by hash. */
const mostNeighbours = 200;

/** [images · bands] */
function hashAll(known: readonly Described[]): Uint16Array {
  const size = hashSide * hashSide;
  const shrunk = known.map(shrink);
  // What all images of a set share, such as a white margin, tells none from another.
  const common = new Float32Array(size);
  for (const image of shrunk)
    for (let at = 0; at < size; at++)
      common[at] = (common[at] as number) + (image[at] as number) / shrunk.length;
  const directions = randomStream(0, "near-duplicates").fillNormal(
    new Float32Array(size * bands * bitsPerBand),
  );
  const hashes = new Uint16Array(known.length * bands);
  for (const [row, image] of shrunk.entries()) {
    for (let at = 0; at < size; at++) image[at] = (image[at] as number) - (common[at] as number);
    for (let bit = 0; bit < bands * bitsPerBand; bit++) {
      let projection = 0;
      for (let at = 0; at < size; at++)
        projection += (image[at] as number) * (directions[bit * size + at] as number);
      const place = row * bands + Math.floor(bit / bitsPerBand);
      hashes[place] = ((hashes[place] as number) << 1) | (projection > 0 ? 1 : 0);
    }
  }
  return hashes;
}

/** Means of 2 x 2 greys, with mean 0 and norm 1. */
function shrink({ greys, mean, norm }: Described): Float32Array {
  const small = new Float32Array(hashSide * hashSide);
  for (const [at, grey] of greys.entries()) {
    const [y, x] = [Math.floor(at / sketchSide), at % sketchSide];
    const place = (y >> 1) * hashSide + (x >> 1);
    small[place] = (small[place] as number) + (grey - mean) / norm / 2;
  }
  return small;
}

/** Visits pairs of rows that have the same number in a band: those nearest to each other when sorted by all others too. */
function eachNeighbour(hashes: Uint16Array, band: number, visit: (a: number, b: number) => void): void {
  const at = (row: number, other: number): number => hashes[row * bands + ((band + other) % bands)] as number;
  const compare = (a: number, b: number): number => {
    for (let other = 0; other < bands; other++) {
      const difference = at(a, other) - at(b, other);
      if (difference !== 0) return difference;
    }
    return a - b;
  };
  const order = Uint32Array.from({ length: hashes.length / bands }, (_, row) => row).sort(compare);
  for (const [place, row] of order.entries()) {
    const end = Math.min(order.length, place + 1 + mostNeighbours);
    for (let next = place + 1; next < end; next++) {
      const other = order[next] as number;
      if (at(other, 0) !== at(row, 0)) break;
      visit(row, other);
    }
  }
}

/** Union-find with path halving. */
class DisjointSets {
  readonly #parents: Uint32Array;
  constructor(size: number) {
    this.#parents = Uint32Array.from({ length: size }, (_, index) => index);
  }
  rootOf(index: number): number {
    const parents = this.#parents;
    let at = index;
    while (parents[at] !== at) {
      parents[at] = parents[parents[at] as number] as number;
      at = parents[at] as number;
    }
    return at;
  }
  join(a: number, b: number): void {
    const [one, other] = [this.rootOf(a), this.rootOf(b)];
    this.#parents[Math.max(one, other)] = Math.min(one, other);
  }
  groups(): readonly (readonly number[])[] {
    const groups = new Map<number, number[]>();
    for (let index = 0; index < this.#parents.length; index++) {
      const root = this.rootOf(index);
      const group = groups.get(root);
      if (group) group.push(index);
      else groups.set(root, [index]);
    }
    return [...groups.values()].filter((group) => group.length > 1);
  }
}
