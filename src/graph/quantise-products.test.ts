import { describe, expect, it } from "vitest";
import { randomNumbers } from "../../test/random-numbers.ts";
import { evaluate } from "../engine/reference.ts";
import { sizeOf } from "../formats/tensor.ts";
import { grad } from "./grad.ts";
import { toOnnxModel } from "./onnx.ts";
import { gelu, gemm, linear, mul, sum } from "./ops.ts";
import { quantiseProducts } from "./quantise-products.ts";
import { filled, type Graph, inOrder, input, inputsOf } from "./value.ts";

const [rows, width] = [130, 128];

/** Three layers on x, two of them side by side, and what training needs of them. */
function layers(): Graph {
  const x = input("x", [rows, width]);
  const [first, left, right] = ["first", "left", "right"].map((name) => input(name, [width, width]));
  const bias = filled([width], 0.1);
  if (!first || !left || !right) throw new Error("internal: three weights.");
  const hidden = gelu(linear(x, first, bias));
  const y = mul(linear(hidden, left, bias), linear(hidden, right, bias));
  const [dFirst, dLeft, dRight] = grad(sum(mul(y, y), [0, 1]), [first, left, right]);
  if (!dFirst || !dLeft || !dRight) throw new Error("internal: three gradients.");
  return { outputs: { y, dFirst, dLeft, dRight } };
}

const feedsOf = (graph: Graph, change: (numbers: Float32Array, name: string) => void = () => {}) =>
  Object.fromEntries(
    [...inputsOf(graph)].map(([name, { shape }], index) => {
      const numbers = randomNumbers(sizeOf(shape), { seed: index + 1, low: -0.5, high: 0.5 });
      change(numbers, name);
      return [name, numbers] as const;
    }),
  );

const count = (graph: Graph, op: string): number =>
  inOrder(Object.values(graph.outputs)).filter((value) => value.kind === "op" && value.op === op).length;

function cosine(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let [product, left, right] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [a[i] ?? Number.NaN, b[i] ?? Number.NaN];
    product += x * y;
    left += x * x;
    right += y * y;
  }
  return product / Math.sqrt(left * right);
}

function compare(graph: Graph, feeds: Record<string, Float32Array>): Record<string, number> {
  const [before, after] = [evaluate(graph, feeds), evaluate(quantiseProducts(graph), feeds)];
  return Object.fromEntries(
    Object.entries(before).map(([name, { data }]) => [name, cosine(data, after[name]?.data ?? [])]),
  );
}

describe("quantiseProducts", () => {
  it("computes outputs and gradients that point where those of float32 do", () => {
    const graph = layers();
    for (const one of Object.values(compare(graph, feedsOf(graph)))) expect(one).toBeGreaterThan(0.9995);
  });

  it("keeps them where rows differ a thousandfold", () => {
    const graph = layers();
    const feeds = feedsOf(graph, (numbers, name) => {
      if (name === "x") for (let i = 0; i < width; i++) numbers[i] = (numbers[i] ?? 0) * 1000;
    });
    for (const one of Object.values(compare(graph, feeds))) expect(one).toBeGreaterThan(0.9995);
  });

  it("keeps rows of zeros zero", () => {
    const [x, w, v] = [input("x", [rows, width]), input("w", [width, width]), input("v", [width, width])];
    const graph = { outputs: { y: gemm(gemm(x, w), v) } };
    const feeds = feedsOf(graph, (numbers, name) => name === "x" && numbers.fill(0, 0, width));
    const { y } = evaluate(quantiseProducts(graph), feeds);
    expect([...(y?.data ?? [])].slice(0, width).every((number) => number === 0)).toBe(true);
  });

  it("leaves what comes before all products, and small products, as they are", () => {
    const graph = layers();
    const after = quantiseProducts(graph);
    // The first layer's x·Wᵀ and gᵀ·x stay, and the sums over rows; of the others' six products and its g·W none does.
    expect(count(graph, "linear")).toBe(3);
    expect(count(after, "linear")).toBe(1);
    expect(count(after, "quantisedProduct")).toBe(6);
    const [x, w] = [input("x", [rows, 8]), input("w", [8, width])];
    const small = { outputs: { y: gemm(gemm(x, w), input("v", [width, 8])) } };
    expect(quantiseProducts(small)).toEqual(small);
  });

  it("quantises what several products read once", () => {
    const { nodes } = toOnnxModel(quantiseProducts(layers()));
    const quantised = nodes.filter(({ type }) => type === "QuantizeLinear");
    // hidden, left, right and two gradients for y and g·W; for gᵀ·x two gradients and hidden twice
    expect(quantised).toHaveLength(9);
  });
});
