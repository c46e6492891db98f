/** Plain loops, for numbers worked out beside the graph. */

/** 0, 1, … count - 1. */
export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Σ term(i) over i below `count`. */
export const sumOf = (count: number, term: (i: number) => number): number =>
  range(count).reduce((sum, i) => sum + term(i), 0);
