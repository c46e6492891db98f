import { describe, expect, it } from "vitest";
import { add, gemm, linear, mul } from "../graph/ops.ts";
import { inOrder, input, type Value } from "../graph/value.ts";
import { randomStream } from "../random.ts";
import { padProducts } from "./pad-products.ts";
import { evaluate } from "./reference.ts";

const opsOf = (outputs: Readonly<Record<string, Value>>): string[] =>
  inOrder(Object.values(outputs)).flatMap((value) => (value.kind === "op" ? [value.op] : []));

const draw = (size: number) => Float64Array.from({ length: size }, randomStream(1, size).next);

describe("padProducts", () => {
  const x = input("x", [128, 1024]);
  const w = input("w", [3, 1024]);
  const b = input("b", [3]);
  const v = input("v", [1024, 3]);

  it("widens linear and both kinds of gemm, and gives the same numbers", () => {
    const graph = {
      outputs: {
        linear: mul(linear(x, w, b), linear(x, w, b)),
        turned: gemm(x, w, { transB: true }),
        plain: gemm(x, v),
      },
    };
    const wide = padProducts(graph);
    const feeds = { x: draw(128 * 1024), w: draw(3 * 1024), b: draw(3), v: draw(3 * 1024) };
    const [before, after] = [evaluate(graph, feeds), evaluate(wide, feeds)];
    for (const name of Object.keys(graph.outputs))
      for (const [i, number] of (before[name]?.data ?? []).entries())
        expect(after[name]?.data[i]).toBeCloseTo(number, 8);
    // one pad of x and of w, shared by all their products, and one of v
    expect(opsOf(wide.outputs).filter((op) => op === "pad")).toHaveLength(3);
  });

  it("leaves products alone that do not alias, are turned, or have few rows", () => {
    const graph = {
      outputs: {
        odd: linear(input("x", [128, 768]), input("w", [3, 768]), b),
        turned: gemm(input("y", [1024, 128]), v, { transA: true }),
        few: add(linear(input("z", [8, 1024]), input("u", [3, 1024]), b), b),
      },
    };
    expect(opsOf(padProducts(graph).outputs)).toEqual(opsOf(graph.outputs));
    expect(padProducts(graph).outputs).toEqual(graph.outputs);
  });
});
