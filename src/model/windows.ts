/** Windows of tokens that attend to one another, shifted by half a window in every second block, as Swin has them. */

import { concat, pad, reshape, slice, transpose } from "../graph/ops.ts";
import { dims, sizeAlong } from "../graph/shapes.ts";
import { constant, type Value } from "../graph/value.ts";

type Pair = readonly [rows: number, columns: number];

/** How a grid of tokens is cut. */
export interface Windowing {
  readonly grid: Pair;
  /** At most the grid. */
  readonly window: Pair;
  /** By how much the windows are moved down and right; 0 where one window holds the whole side. */
  readonly shift: Pair;
  /** The grid with rows and columns of zeros behind it, so that windows tile it. */
  readonly padded: Pair;
}

/** Windows of `side` x `side`, `shifted` or not, over a grid; one that a side of the grid does not exceed takes it whole. */
export function windowing(grid: Pair, side: number, { shifted }: { readonly shifted: boolean }): Windowing {
  const each = (of: (size: number) => number): Pair => [of(grid[0]), of(grid[1])];
  return {
    grid,
    window: each((size) => Math.min(size, side)),
    shift: each((size) => (shifted && size > side ? Math.floor(side / 2) : 0)),
    padded: each((size) => (size > side ? Math.ceil(size / side) * side : size)),
  };
}

/** Tokens of one window. */
export const windowTokens = ({ window: [rows, columns] }: Windowing): number => rows * columns;

/** How many windows there are. */
export const windowCount = ({ padded, window }: Windowing): number =>
  (padded[0] / window[0]) * (padded[1] / window[1]);

/** x [batch, tokens, D] → [batch · windows, tokens of a window, D]. */
export function toWindows(x: Value, cut: Windowing): Value {
  const [batch, , width] = dims(x, 3);
  const { grid, window, shift, padded } = cut;
  let map = reshape(x, [batch, ...grid, width]);
  for (const at of [0, 1] as const)
    map = roll(fill(map, { axis: at + 1, to: padded[at] }), { axis: at + 1, by: shift[at] });
  const [down, across] = [padded[0] / window[0], padded[1] / window[1]];
  const tiles = transpose(
    reshape(map, [batch, down, window[0], across, window[1], width]),
    [0, 1, 3, 2, 4, 5],
  );
  return reshape(tiles, [batch * down * across, windowTokens(cut), width]);
}

/** The way back: [batch · windows, tokens of a window, D] → [batch, tokens, D]. */
export function fromWindows(y: Value, cut: Windowing): Value {
  const { grid, window, shift, padded } = cut;
  const width = sizeAlong(y.shape, -1);
  const [down, across] = [padded[0] / window[0], padded[1] / window[1]];
  const batch = sizeAlong(y.shape, 0) / (down * across);
  const tiles = transpose(reshape(y, [batch, down, across, ...window, width]), [0, 1, 3, 2, 4, 5]);
  let map = reshape(tiles, [batch, ...padded, width]);
  for (const at of [0, 1] as const) {
    const back = roll(map, { axis: at + 1, by: (padded[at] - shift[at]) % padded[at] });
    map = grid[at] < padded[at] ? slice(back, { axis: at + 1, from: 0, to: grid[at] }) : back;
  }
  return reshape(map, [batch, grid[0] * grid[1], width]);
}

/** Zeros behind x until the axis has `to`. */
const fill = (x: Value, { axis, to }: { readonly axis: number; readonly to: number }): Value => {
  const after = to - sizeAlong(x.shape, axis);
  return after > 0 ? pad(x, { axis, before: 0, after }) : x;
};

/** What begins at `by` comes first, and what was before it last. */
function roll(x: Value, { axis, by }: { readonly axis: number; readonly by: number }): Value {
  if (by === 0) return x;
  const size = sizeAlong(x.shape, axis);
  return concat(slice(x, { axis, from: by, to: size }), slice(x, { axis, from: 0, to: by }), axis);
}

/** Added to scores of tokens that only the shift brought into one window, as the authors' code does. */
const APART = -100;

/** What keeps tokens apart that lie at opposite ends of the image: [windows, 1, tokens, tokens]; nothing where none do. */
export function shiftMask(cut: Windowing): Value | undefined {
  const { window, shift, padded } = cut;
  if (shift[0] === 0 && shift[1] === 0) return undefined;
  const [down, across] = [padded[0] / window[0], padded[1] / window[1]];
  const tokens = windowTokens(cut);
  const data = new Float32Array(down * across * tokens * tokens);
  for (let at = 0; at < down * across; at++) {
    const parts = partsOf(cut, [Math.floor(at / across), at % across]);
    for (let i = 0; i < tokens; i++)
      for (let j = 0; j < tokens; j++)
        if (parts[i] !== parts[j]) data[(at * tokens + i) * tokens + j] = APART;
  }
  return constant({ shape: [down * across, 1, tokens, tokens], data });
}

/** For each token of a window a number of the part of the image that it comes from. */
function partsOf({ window, shift, padded }: Windowing, [row, column]: Pair): number[] {
  const part = (at: 0 | 1, position: number): number => {
    if (shift[at] === 0 || position < padded[at] - window[at]) return 0;
    return position < padded[at] - shift[at] ? 1 : 2;
  };
  return Array.from({ length: window[0] * window[1] }, (_, token) => {
    const [down, across] = [Math.floor(token / window[1]), token % window[1]];
    return 3 * part(0, row * window[0] + down) + part(1, column * window[1] + across);
  });
}
