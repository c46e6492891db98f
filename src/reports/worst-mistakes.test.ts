import { describe, expect, it } from "vitest";
import { worstMistakes } from "./worst-mistakes.ts";

describe("worstMistakes", () => {
  const logits = Float32Array.from([
    ...[0, 1], // right
    ...[Math.log(3), 0], // wrong: 3 to 1
    ...[Number.NaN, 0], // broken
    ...[Math.log(9), 0], // wrong: 9 to 1
  ]);
  const predictions = { logits, labels: [1, 1, 1, 1], classes: 2 };

  it("puts the surest mistakes first", () => {
    const mistakes = worstMistakes(predictions, { count: 5 });
    expect(mistakes).toEqual([
      {
        example: 3,
        label: 1,
        predicted: 0,
        predictedProbability: expect.closeTo(0.9, 6),
        labelProbability: expect.closeTo(0.1, 6),
      },
      {
        example: 1,
        label: 1,
        predicted: 0,
        predictedProbability: expect.closeTo(0.75, 6),
        labelProbability: expect.closeTo(0.25, 6),
      },
    ]);
  });

  it("gives no more than asked for", () => {
    expect(worstMistakes(predictions, { count: 1 }).map(({ example }) => example)).toEqual([3]);
  });
});
