import { describe, expect, it } from "vitest";
import { randomNumbers } from "../../test/random-numbers.ts";
import { evaluate } from "../engine/reference.ts";
import { grad } from "../graph/grad.ts";
import { mul, reshape, sum } from "../graph/ops.ts";
import { constant, input } from "../graph/value.ts";
import { spreadTable } from "./relative-positions.ts";

const heads = 2;
const cases = [
  { side: 1, window: [1, 1] },
  { side: 2, window: [2, 2] },
  { side: 3, window: [3, 3] },
  { side: 4, window: [3, 2] },
  { side: 7, window: [1, 5] },
] as const;

/** Every pair of tokens, by its offset: torch's index, written as loops. */
function byLoops(
  table: ArrayLike<number>,
  side: number,
  [rows, columns]: readonly [number, number],
): number[] {
  const tokens = rows * columns;
  return Array.from({ length: heads * tokens * tokens }, (_, at) => {
    const [head, i, j] = [Math.floor(at / tokens / tokens), Math.floor(at / tokens) % tokens, at % tokens];
    const down = Math.floor(i / columns) - Math.floor(j / columns) + side - 1;
    const across = (i % columns) - (j % columns) + side - 1;
    return table[(down * (2 * side - 1) + across) * heads + head] ?? Number.NaN;
  });
}

describe("spreadTable()", () => {
  it.each(cases)("puts each offset of $side in a window of $window", ({ side, window }) => {
    const count = (2 * side - 1) ** 2 * heads;
    const table = input("table", [1, count / heads, heads]);
    const numbers = randomNumbers(count, { seed: side });
    const y = spreadTable(table, { side, window });
    const tokens = window[0] * window[1];
    expect(y.shape).toEqual([heads, tokens, tokens]);
    const { y: result } = evaluate({ outputs: { y } }, { table: numbers });
    expect([...(result?.data ?? [])]).toEqual(byLoops(numbers, side, window));
  });

  it("gives each number of the table the gradients of all its pairs", () => {
    const [side, window] = [3, [2, 3]] as const;
    const count = (2 * side - 1) ** 2 * heads;
    const table = input("table", [1, count / heads, heads]);
    const y = spreadTable(table, { side, window });
    const weights = randomNumbers(heads * 36, { seed: 5 });
    const loss = reshape(sum(mul(y, constant({ shape: y.shape, data: weights })), [0, 1, 2]), []);
    const [g] = grad(loss, [table]);
    if (!g) throw new Error("no gradient");
    const { g: result } = evaluate({ outputs: { g } }, { table: new Float32Array(count) });
    const places = byLoops(
      Array.from({ length: count }, (_, at) => at),
      side,
      window,
    );
    const expected = new Float64Array(count);
    for (const [pair, at] of places.entries()) expected[at] = (expected[at] ?? 0) + (weights[pair] ?? 0);
    for (const [at, number] of expected.entries()) expect(result?.data[at]).toBeCloseTo(number, 6);
  });
});
