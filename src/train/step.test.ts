import { describe, expect, it } from "vitest";
import { countCorrect } from "./step.ts";

describe("countCorrect", () => {
  it("counts rows whose highest logit is their label's", () => {
    const logits = Float32Array.of(1, 2, 0, /**/ -5, -4, -3, /**/ 7, 7, 1);
    expect(countCorrect(logits, { labels: Int32Array.of(1, 2, 0), count: 3 }, 3)).toBe(3);
    expect(countCorrect(logits, { labels: Int32Array.of(0, 2, 1), count: 3 }, 3)).toBe(1);
  });

  it("does not look at padding", () => {
    const logits = Float32Array.of(0, 1, 9, 0);
    expect(countCorrect(logits, { labels: Int32Array.of(1, 0), count: 1 }, 2)).toBe(1);
  });

  it("takes a row that is no number for wrong", () => {
    const logits = Float32Array.of(Number.NaN, Number.NaN);
    expect(countCorrect(logits, { labels: Int32Array.of(0), count: 1 }, 2)).toBe(0);
  });
});
