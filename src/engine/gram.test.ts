import { expect, it } from "vitest";
import { randomNumbers } from "../../test/random-numbers.ts";
import { openGram } from "./gram.ts";

it.each([
  [5, 9],
  [9, 5],
  [6, 6],
  [1, 3],
])("multiplies the shorter side of %i x %i with itself, in float64", async (rows, columns) => {
  const data = Float64Array.from(
    randomNumbers(rows * columns, { seed: 3, low: -1, high: 1 }),
    (x) => x + 1e-9,
  );
  const before = data.slice();
  await using engine = await openGram();
  const given = await engine.gram({ rows, columns, data });
  const side = Math.min(rows, columns);
  const at = (short: number, long: number) =>
    data[rows <= columns ? short * columns + long : long * columns + short] as number;
  const expected = Array.from({ length: side * side }, (_, cell) => {
    let sum = 0;
    for (let k = 0; k < Math.max(rows, columns); k++)
      sum += at(Math.floor(cell / side), k) * at(cell % side, k);
    return sum;
  });
  expect(given.length).toBe(expected.length);
  for (const [cell, value] of expected.entries())
    expect(Math.abs((given[cell] as number) - value)).toBeLessThan(1e-15 * 9);
  expect(data).toEqual(before);
});
