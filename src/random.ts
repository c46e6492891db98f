/** Seeded randomness without hidden state: a stream is named by a seed and a path, and can be made anew at any time. */

import { uniformInt } from "pure-rand/distribution/uniformInt";
import { xoroshiro128plusFromState } from "pure-rand/generator/xoroshiro128plus";
import type { RandomGenerator } from "pure-rand/types/RandomGenerator";

/** A sequence of random numbers. Two streams of the same name give the same numbers, on every machine. */
export interface RandomStream {
  /** Uniform in [0, 1), 53 bits. */
  next(): number;
  /** Uniform whole number in [0, n). */
  int(n: number): number;
  /** Standard normal. */
  normal(): number;
  /** The numbers 0 … n-1 in random order. */
  permutation(n: number): number[];
  /** Fills with uniform numbers in [low, high), 24 bits each. */
  fillUniform(target: Float32Array, range?: { readonly low?: number; readonly high?: number }): Float32Array;
  /** Fills with normal numbers of mean 0. */
  fillNormal(target: Float32Array, options?: { readonly std?: number }): Float32Array;
  /** Fills a dropout mask: 0 with probability `drop`, else 1 / (1 - drop). */
  fillMask(target: Float32Array, drop: number): Float32Array;
}

/** Odd multipliers of FNV-1a, MurmurHash3 and xxHash. */
const LANES = [0x01000193, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f] as const;

/** Four 32-bit lanes in the manner of FNV-1a, then mixed into each other twice. */
function hash128(text: string): readonly number[] {
  const lanes = LANES.map((multiplier, lane) => {
    let hash = 0x811c9dc5 + lane;
    for (let at = 0; at < text.length; at++) {
      hash = Math.imul(hash ^ text.charCodeAt(at), multiplier);
      hash ^= hash >>> 15;
    }
    return hash;
  });
  for (let round = 0; round < 2; round++)
    for (let lane = 0; lane < 4; lane++)
      lanes[lane] = mix((lanes[lane] as number) + (lanes[(lane + 3) % 4] as number));
  return lanes;
}

/** fmix32 of MurmurHash3: every input bit reaches every output bit. */
function mix(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}

/**
 * The stream named by a seed and a path, as in `randomStream(seed, "order", epoch)`.
 * A resumed run asks for the same names and so samples the same numbers; nothing needs saving.
 */
export function randomStream(seed: number, ...path: readonly (string | number)[]): RandomStream {
  const state = hash128(JSON.stringify([seed, ...path]));
  // From the all-zero state the generator would give nothing but zeros.
  const generator = xoroshiro128plusFromState(state.some((lane) => lane !== 0) ? state : [1, 0, 0, 0]);
  let spare: number | undefined;

  // The high bits of xoroshiro128+ are the good ones: 27 of one word and 26 of the next.
  const next = (): number => ((generator.next() >>> 5) * 0x4000000 + (generator.next() >>> 6)) / 2 ** 53;
  const int = (n: number): number => uniformInt(generator, 0, n - 1);

  /** Box and Muller: √(-2 ln u) · (cos, sin)(2πv). */
  function normal(): number {
    if (spare !== undefined) {
      const kept = spare;
      spare = undefined;
      return kept;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - next()));
    const angle = 2 * Math.PI * next();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  function permutation(n: number): number[] {
    const order = Array.from({ length: n }, (_, index) => index);
    for (let last = n - 1; last > 0; last--) {
      const other = int(last + 1);
      const kept = order[last] as number;
      order[last] = order[other] as number;
      order[other] = kept;
    }
    return order;
  }

  return {
    next,
    int,
    normal,
    permutation,
    fillUniform(target, { low = 0, high = 1 } = {}) {
      const scale = (high - low) / 2 ** 24;
      return fillFromWords(target, generator, (word) => low + (word >>> 8) * scale);
    },
    fillNormal(target, { std = 1 } = {}) {
      for (let at = 0; at < target.length; at++) target[at] = std * normal();
      return target;
    },
    fillMask(target, drop) {
      target.fill(1 / (1 - drop));
      // The gaps between dropped numbers are geometric: one sample per gap costs a fraction of one sample per number.
      const scale = 1 / Math.log(1 - drop);
      const gap = () => Math.floor(Math.log(1 - next()) * scale);
      if (drop > 0) for (let at = gap(); at < target.length; at += 1 + gap()) target[at] = 0;
      return target;
    },
  };
}

/**
 * Dropout samples tens of millions of numbers per step, so bulk fills run sfc32 (Chris Doty-Humphrey, PractRand) in local
 * variables, seeded by the stream: several times as fast as one method call per number.
 */
function fillFromWords(
  target: Float32Array,
  generator: RandomGenerator,
  numberFrom: (word: number) => number,
): Float32Array {
  const words = new Uint32Array(Math.min(target.length, 4096));
  let [a, b, c, counter] = [generator.next(), generator.next(), generator.next(), 1];
  for (let start = 0; start < target.length; start += words.length) {
    for (let at = 0; at < words.length; at++) {
      const word = (((a + b) | 0) + counter) | 0;
      counter = (counter + 1) | 0;
      a = b ^ (b >>> 9);
      b = (c + (c << 3)) | 0;
      c = (((c << 21) | (c >>> 11)) + word) | 0;
      words[at] = word;
    }
    const end = Math.min(words.length, target.length - start);
    for (let at = 0; at < end; at++) target[start + at] = numberFrom(words[at] as number);
  }
  return target;
}
