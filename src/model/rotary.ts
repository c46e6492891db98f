/** Rotary positions: queries and keys of patches are rotated by angles that their places give. Su et al. 2021, arXiv 2104.09864. */

import { add, concat, mul, neg, reshape, slice } from "../graph/ops.ts";
import { constant, type Value } from "../graph/value.ts";

type Grid = readonly [rows: number, columns: number];

/** Whose: each has its own angles, and its own pairs of columns. */
export const rotaryNames = ["dinov3", "eva02"] as const;
export type RotaryName = (typeof rotaryNames)[number];

interface Kind {
  /** Of a place along one axis of the grid, the first being 0. */
  readonly place: (index: number, count: number) => number;
  readonly base: number;
  /** Whether the two columns of a pair stand side by side, or half a head apart. */
  readonly adjacent: boolean;
}

/** EVA-02 was trained on a grid of 16 × 16 patches, to which others are stretched. Fang et al. 2023, arXiv 2303.11331. */
const reference = 16;

const kinds: Readonly<Record<RotaryName, Kind>> = {
  // Centres of patches from -1 to 1, and whole turns. Siméoni et al. 2025, arXiv 2508.10104.
  dinov3: {
    place: (index, count) => 2 * Math.PI * ((2 * (index + 0.5)) / count - 1),
    base: 100,
    adjacent: false,
  },
  eva02: { place: (index, count) => (index / count) * reference, base: 10_000, adjacent: true },
};

/** Rotates the last tokens of x [batch, heads, tokens, size], which are the patches of `grid`. */
export function rotary(kind: RotaryName, grid: Grid): (x: Value) => Value {
  const { adjacent } = kinds[kind];
  return (x) => {
    const [batch, heads, tokens, size] = x.shape as [number, number, number, number];
    const count = grid[0] * grid[1];
    const patches = slice(x, { axis: 2, from: tokens - count, to: tokens });
    const { cos, sin } = waves(kind, grid, size);
    const turned = adjacent ? turnAdjacent(patches) : turnHalves(patches);
    const rotated = add(mul(patches, cos), mul(reshape(turned, [batch, heads, count, size]), sin));
    if (tokens === count) return rotated;
    return concat(slice(x, { axis: 2, from: 0, to: tokens - count }), rotated, 2);
  };
}

/** (a, b) → (-b, a), where a and b are the halves of the last axis. */
function turnHalves(x: Value): Value {
  const axis = x.shape.length - 1;
  const size = x.shape[axis] as number;
  const half = (from: number) => slice(x, { axis, from, to: from + size / 2 });
  return concat(neg(half(size / 2)), half(0), axis);
}

/** The same of each two neighbours. */
function turnAdjacent(x: Value): Value {
  const [batch, heads, tokens, size] = x.shape as [number, number, number, number];
  return turnHalves(reshape(x, [batch, heads, tokens, size / 2, 2]));
}

/** cos and sin of every patch and column: [patches, size]. A quarter of the frequencies is for rows, the next for columns. */
function waves(
  kind: RotaryName,
  [rows, columns]: Grid,
  size: number,
): { readonly cos: Value; readonly sin: Value } {
  const { place, base, adjacent } = kinds[kind];
  const bands = size / 4;
  const cos = new Float32Array(rows * columns * size);
  const sin = new Float32Array(rows * columns * size);
  for (let patch = 0; patch < rows * columns; patch++) {
    const places = [place(Math.floor(patch / columns), rows), place(patch % columns, columns)];
    for (let pair = 0; pair < size / 2; pair++) {
      const angle = (places[Math.floor(pair / bands)] ?? 0) / base ** ((pair % bands) / bands);
      for (const at of adjacent ? [2 * pair, 2 * pair + 1] : [pair, pair + size / 2]) {
        cos[patch * size + at] = Math.cos(angle);
        sin[patch * size + at] = Math.sin(angle);
      }
    }
  }
  const shape = [rows * columns, size];
  return { cos: constant({ shape, data: cos }), sin: constant({ shape, data: sin }) };
}
