import { describe, expect, it } from "vitest";
import { evaluate } from "../engine/reference.ts";
import { input, type Value } from "../graph/value.ts";
import { fromWindows, shiftMask, toWindows, windowCount, windowing, windowTokens } from "./windows.ts";

const run = (y: Value, x: readonly number[]): number[] => [
  ...(evaluate({ outputs: { y } }, { x: Float64Array.from(x) }).y?.data ?? []),
];
/** 1, 2, 3 and so on. */
const counted = (count: number): number[] => Array.from({ length: count }, (_, at) => at + 1);

const cases = [
  { grid: [4, 6], side: 2, shifted: false },
  { grid: [4, 6], side: 2, shifted: true },
  { grid: [5, 7], side: 3, shifted: true },
  { grid: [3, 3], side: 3, shifted: true },
  { grid: [2, 5], side: 3, shifted: true },
] as const;

/** What stands at a place of the shifted map, 0 where that is behind the grid. */
function shiftedAt(
  [rows, columns]: readonly [number, number],
  padded: readonly number[],
  row: number,
  column: number,
): number {
  const [r, c] = [row % (padded[0] ?? 1), column % (padded[1] ?? 1)];
  return r < rows && c < columns ? r * columns + c + 1 : 0;
}

describe("windows", () => {
  it.each(cases)(
    "of $side on $grid, shifted: $shifted, hold the tokens that they cover",
    ({ grid, side, shifted }) => {
      const cut = windowing(grid, side, { shifted });
      const x = input("x", [1, grid[0] * grid[1], 1]);
      const windows = toWindows(x, cut);
      expect(windows.shape).toEqual([windowCount(cut), windowTokens(cut), 1]);
      const { window, shift, padded } = cut;
      const across = padded[1] / window[1];
      const expected = Array.from({ length: windowCount(cut) }, (_, at) =>
        Array.from({ length: windowTokens(cut) }, (_, token) =>
          shiftedAt(
            grid,
            padded,
            Math.floor(at / across) * window[0] + Math.floor(token / window[1]) + shift[0],
            (at % across) * window[1] + (token % window[1]) + shift[1],
          ),
        ),
      ).flat();
      expect(run(windows, counted(grid[0] * grid[1]))).toEqual(expected);
    },
  );

  it.each(cases)(
    "of $side on $grid, shifted: $shifted, go back where they came from",
    ({ grid, side, shifted }) => {
      const cut = windowing(grid, side, { shifted });
      const tokens = grid[0] * grid[1];
      const x = input("x", [2, tokens, 3]);
      const y = fromWindows(toWindows(x, cut), cut);
      expect(y.shape).toEqual(x.shape);
      expect(run(y, counted(6 * tokens))).toEqual(counted(6 * tokens));
    },
  );

  it("shift by nothing where one window holds a whole side", () => {
    expect(windowing([7, 14], 7, { shifted: true })).toEqual({
      grid: [7, 14],
      window: [7, 7],
      shift: [0, 3],
      padded: [7, 14],
    });
    expect(shiftMask(windowing([7, 7], 7, { shifted: true }))).toBeUndefined();
    expect(shiftMask(windowing([14, 14], 7, { shifted: false }))).toBeUndefined();
  });

  it("keep apart what a shift brought together from opposite ends", () => {
    const cut = windowing([4, 4], 2, { shifted: true });
    const mask = shiftMask(cut);
    expect(mask?.shape).toEqual([4, 1, 4, 4]);
    const numbers = mask?.kind === "constant" && "data" in mask.weight ? [...mask.weight.data] : [];
    const windowAt = (at: number) => numbers.slice(at * 16, at * 16 + 16);
    // The first window lies inside the image; the last holds its four corners.
    expect(windowAt(0)).toEqual(Array(16).fill(0));
    expect(windowAt(3)).toEqual(Array.from({ length: 16 }, (_, at) => (at % 5 === 0 ? 0 : -100)));
    // The second spans the right and the left edge: each row's first token from one, its second from the other.
    expect(windowAt(1)).toEqual([0, -100, 0, -100, -100, 0, -100, 0, 0, -100, 0, -100, -100, 0, -100, 0]);
  });
});
