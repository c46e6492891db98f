import { describe, expect, it } from "vitest";
import { scorePredictions } from "../predict/scorer.ts";
import { worstMistakes } from "./worst-mistakes.ts";

describe("worstMistakes", () => {
  it("puts the surest mistakes first, and equal ones in order", () => {
    const logits = Float32Array.from([
      ...[0, 1], // correct
      ...[Math.log(3), 0], // wrong: 3 to 1
      ...[Number.NaN, 0], // broken
      ...[Math.log(9), 0], // wrong: 9 to 1
      ...[Math.log(3), 0],
    ]);
    const metrics = scorePredictions({ logits, labels: [1, 1, 1, 1, 1], classes: 2 });
    expect(
      worstMistakes(metrics).map(({ example, labelProbability }) => [example, labelProbability]),
    ).toEqual([
      [3, expect.closeTo(0.1, 6)],
      [1, expect.closeTo(0.25, 6)],
      [4, expect.closeTo(0.25, 6)],
    ]);
  });
});
