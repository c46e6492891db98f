import { describe, expect, it } from "vitest";
import { randomNumbers } from "../../test/random-numbers.ts";
import { dataOf } from "../../test/tiny-methods.ts";
import { input } from "../graph/value.ts";
import { convolution, middleOf } from "./convolution.ts";
import { dense } from "./layers.ts";

const size = (shape: readonly number[]) => shape.reduce((a, b) => a * b, 1);

/** Inputs of these shapes, and numbers for them. */
function sample(shapes: Readonly<Record<string, readonly number[]>>) {
  const entries = Object.entries(shapes);
  const feeds = Object.fromEntries(
    entries.map(([name, shape], at) => [
      name,
      Float64Array.from(randomNumbers(size(shape), { seed: at + 1 })),
    ]),
  );
  const of = (name: string) => input(name, shapes[name] ?? []);
  return { x: of("x"), kernel: { weight: of("w"), bias: of("b") }, feeds };
}

describe("convolution", () => {
  it.each([
    ["3 by 3 on a grid that is no square", [2, 4, 3, 2], [5, 2, 3, 3]],
    ["1 by 5 on a grid of one row", [1, 1, 4, 3], [2, 3, 1, 5]],
    ["3 by 3 on one place", [2, 1, 1, 2], [2, 2, 3, 3]],
  ] as const)("is the plain loop's: %s", (_name, [batch, rows, columns, into], [out, , down, across]) => {
    const { x, kernel, feeds } = sample({
      x: [batch, rows, columns, into],
      w: [out, into, down, across],
      b: [out],
    });
    const at = (name: string, i: number) => feeds[name]?.[i] ?? Number.NaN;
    const expected: number[] = [];
    for (let image = 0; image < batch; image++)
      for (let row = 0; row < rows; row++)
        for (let column = 0; column < columns; column++)
          for (let o = 0; o < out; o++) {
            let sum = at("b", o);
            for (let c = 0; c < into; c++)
              for (let i = 0; i < down; i++)
                for (let j = 0; j < across; j++) {
                  const [r, k] = [row + i - (down - 1) / 2, column + j - (across - 1) / 2];
                  if (r < 0 || r >= rows || k < 0 || k >= columns) continue;
                  const weight = at("w", ((o * into + c) * down + i) * across + j);
                  sum += weight * at("x", ((image * rows + r) * columns + k) * into + c);
                }
            expected.push(sum);
          }
    const y = convolution(x, kernel);
    expect(y.shape).toEqual([batch, rows, columns, out]);
    expect(dataOf({ y }, feeds).y).toBeCloseToTensor(expected, { relative: 1e-12 });
  });

  it("is its middle alone on a grid of one place", () => {
    const { x, kernel, feeds } = sample({ x: [4, 1, 1, 3], w: [2, 3, 3, 3], b: [2] });
    const { grid, alone } = dataOf(
      { grid: convolution(x, kernel), alone: dense(x, middleOf(kernel)) },
      feeds,
    );
    expect(alone).toBeCloseToTensor(grid as Float64Array, { relative: 1e-14 });
  });
});
