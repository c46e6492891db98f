import { describe, expect, it } from "vitest";
import { GraphError } from "../errors.ts";
import { crossEntropy, softmax, topK } from "./metrics.ts";

describe("softmax", () => {
  it("sums to one and keeps ratios of e", () => {
    const [a, b] = softmax([0, Math.log(3)]);
    expect(a).toBeCloseTo(0.25, 12);
    expect(b).toBeCloseTo(0.75, 12);
  });

  it("survives logits that would overflow, and infinities below", () => {
    expect([...softmax([1e4, 1e4])]).toEqual([0.5, 0.5]);
    expect([...softmax([Number.NEGATIVE_INFINITY, -1e308])]).toEqual([0, 1]);
  });
});

describe("topK", () => {
  it.each([
    { scores: [1, 3, 2], k: 2, expected: [1, 2] },
    { scores: [1, 1, 1], k: 2, expected: [0, 1] },
    { scores: [Number.NaN, -5, Number.POSITIVE_INFINITY], k: 3, expected: [2, 1, 0] },
    { scores: [4, 2], k: 5, expected: [0, 1] },
    { scores: [], k: 1, expected: [] },
  ])("takes the $k best of $scores", ({ scores, k, expected }) => {
    expect(topK(scores, k)).toEqual(expected);
  });
});

describe("crossEntropy", () => {
  it("is the negative logarithm of the class's probability", () => {
    expect(crossEntropy([0, Math.log(3)], 0)).toBeCloseTo(Math.log(4), 12);
    expect(crossEntropy([1000, 0], 0)).toBe(0);
  });

  it.each([2, -1, 0.5])("refuses the class %d of two", (label) => {
    expect(() => crossEntropy([0, 1], label)).toThrow(
      new GraphError(`crossEntropy: 2 logits have no class ${label}.`),
    );
  });
});
