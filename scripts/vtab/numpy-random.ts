/** Samples as NumPy's legacy generator does: splits of TensorFlow Datasets rest on it. */

import { mersenne } from "pure-rand/generator/mersenne";

export interface NumpyRandom {
  /** As `numpy.random.choice(items, count, replace=False)`. */
  choose<Item>(items: readonly Item[], count: number): Item[];
}

/** As after `numpy.random.seed(seed)`. */
export function numpyRandom(seed: number): NumpyRandom {
  const generator = mersenne(seed);
  /** Uniform in 0 … most: the lowest bits that can hold `most`, again and again until they are no more than it. */
  const atMost = (most: number): number => {
    const mask = 0xffffffff >>> Math.clz32(most);
    for (;;) {
      const value = (generator.next() & mask) >>> 0;
      if (value <= most) return value;
    }
  };
  return {
    choose: (items, count) => {
      const shuffled = [...items];
      for (let last = shuffled.length - 1; last > 0; last--) {
        const other = atMost(last);
        const moved = shuffled[other] as (typeof items)[number];
        shuffled[other] = shuffled[last] as (typeof items)[number];
        shuffled[last] = moved;
      }
      return shuffled.slice(0, count);
    },
  };
}
