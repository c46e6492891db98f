import { describe, expect, it, vi } from "vitest";
import { randomNumbers } from "../../test/random-numbers.ts";
import { evaluate } from "../engine/reference.ts";
import { GraphError } from "../errors.ts";
import { grad } from "./grad.ts";
import { add, expand, gelu, linear, matmul, mul, reshape, sub, sum, swap } from "./ops.ts";
import { constant, inOrder, input, scalar, type Value } from "./value.ts";

type Feeds = Record<string, Float64Array>;

const gradientsOf = (loss: Value, targets: readonly Value[], feeds: Feeds): number[][] => {
  const outputs = Object.fromEntries(grad(loss, targets).map((value, at) => [`${at}`, value]));
  return Object.values(evaluate({ outputs }, feeds)).map(({ data }) => [...data]);
};

const total = (x: Value): Value => reshape(sum(x, [...x.shape.keys()]), []);
const numbers = (...values: number[]) => Float64Array.from(values);

describe("grad", () => {
  it("gives the gradient of a swapped matrix as a product of swapped matrices, not as a swapped product", () => {
    const [a, b] = [input("a", [2, 3, 5]), input("b", [2, 4, 5])];
    const [gradient] = grad(total(matmul(a, swap(b))), [b]); // db = gᵀ·a, where (aᵀ·g)ᵀ would turn the result
    const [left, right] = gradient?.inputs ?? [];
    expect([gradient?.kind === "op" && gradient.op, left?.shape, right]).toEqual(["matmul", [2, 4, 3], a]);
  });

  it("sums back what was broadcast", () => {
    const x = input("x", [2, 3]);
    const row = input("row", [3]);
    const column = input("column", [2, 1]);
    const number = input("number", []);
    const loss = total(mul(mul(x, row), mul(column, number)));
    const feeds = {
      x: numbers(1, 2, 3, 4, 5, 6),
      row: numbers(1, 10, 100),
      column: numbers(1, -1),
      number: numbers(2),
    };
    // Σ x·row·column·number: rows of x weigh +2 and -2; 321 and 654 are x·row of each row
    expect(gradientsOf(loss, [x, row, column, number], feeds)).toEqual([
      [2, 20, 200, -2, -20, -200],
      [2 - 8, 4 - 10, 6 - 12],
      [2 * 321, 2 * 654],
      [321 - 654],
    ]);
  });

  it("keeps an axis of size 1 that was not broadcast", () => {
    const a = input("a", [1, 2]);
    const b = input("b", [1, 1, 2]);
    const loss = total(mul(a, b));
    expect(gradientsOf(loss, [a, b], { a: numbers(2, 3), b: numbers(5, 7) })).toEqual([
      [5, 7],
      [2, 3],
    ]);
  });

  it("adds up a value that is used twice, and twice by one op", () => {
    const x = input("x", [2]);
    // x² + 3x
    const loss = total(add(mul(x, x), mul(x, scalar(3))));
    expect(gradientsOf(loss, [x], { x: numbers(2, -1) })).toEqual([[7, 1]]);
  });

  it("gives zeros for a target the loss does not need", () => {
    const x = input("x", [2]);
    const unused = input("unused", [2, 2]);
    expect(gradientsOf(total(x), [unused], { x: numbers(1, 2) })).toEqual([[0, 0, 0, 0]]);
  });

  it("gives 1 for the loss itself", () => {
    const x = input("x", [1, 1]);
    expect(gradientsOf(x, [x], { x: numbers(4) })).toEqual([[1]]);
  });

  it("gives the gradient of values between input and loss", () => {
    const x = input("x", [2]);
    const middle = mul(x, scalar(3));
    const loss = total(mul(middle, middle));
    expect(gradientsOf(loss, [middle, x], { x: numbers(1, 2) })).toEqual([
      [6, 12],
      [18, 36],
    ]);
  });

  it("walks only what leads to a target: a frozen stem makes no value", () => {
    const valuesMade = (stemDepth: number) => {
      let x: Value = input("x", [2, 4]);
      for (let i = 0; i < stemDepth; i++) x = gelu(linear(x, frozen([4, 4]), frozen([4])));
      const bias = input("bias", [4]);
      const loss = total(gelu(linear(x, frozen([4, 4]), bias)));
      // Every value made captures its origin.
      const made = vi.spyOn(Error, "captureStackTrace");
      grad(loss, [bias]);
      const count = made.mock.calls.length;
      made.mockRestore();
      return count;
    };
    expect(valuesMade(0)).toBeGreaterThan(5);
    expect(valuesMade(5)).toBe(valuesMade(0));
  });

  it("multiplies no frozen weight by what nobody asked for", () => {
    // The gradient of the bias is made of g alone: neither the frozen weight nor x is read.
    const [x, weight, bias] = [input("x", [2, 4]), frozen([3, 4]), input("bias", [1])];
    const loss = total(linear(x, weight, expand(bias, [3])));
    const walked = inOrder(grad(loss, [bias]));
    expect(walked).not.toContain(weight);
    expect(walked).not.toContain(x);
  });

  it("stands graphs 5,000 deep", () => {
    const x = input("x", [1]);
    let y: Value = x;
    for (let i = 0; i < 2500; i++) y = sub(add(y, x), scalar(0.5));
    // y = 2501·x - 1250
    expect(gradientsOf(total(y), [x], { x: numbers(1) })).toEqual([[2501]]);
  });

  it.each([
    [[2], "grad: the loss must be one number, got [2]."],
    [[3, 1], "grad: the loss must be one number, got [3, 1]."],
  ])("refuses a loss of shape %j", (shape, message) => {
    const x = input("x", shape);
    expect(() => grad(x, [x])).toThrow(new GraphError(message));
  });
});

const frozen = (shape: readonly number[]): Value => {
  const count = shape.reduce((a, b) => a * b, 1);
  return constant({ shape, data: randomNumbers(count) });
};
