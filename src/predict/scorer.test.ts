import { describe, expect, it } from "vitest";
import { GraphError } from "../errors.ts";
import { openScorer, scorePredictions } from "./scorer.ts";

describe("scorePredictions", () => {
  // Correct, correct, class 1 taken for 0, class 2 taken for 0.
  const logits = Float32Array.from([3, 0, 0, 0, 3, 0, 3, 0, 0, 3, 0, 0]);
  const metrics = scorePredictions({ logits, labels: [0, 1, 1, 2], classes: 3 });

  it("counts what is correct", () => {
    expect(metrics).toMatchObject({ examples: 4, top1: 50, top5: 100, broken: 0, predictions: [0, 1, 0, 0] });
    // -log of e³/(e³+2) twice, and of 1/(e³+2) twice.
    expect(metrics.loss).toBeCloseTo(Math.log(Math.E ** 3 + 2) - 1.5, 6);
  });

  it("tells each class's precision, recall and F1", () => {
    expect(metrics.perClass[0]).toEqual({
      support: 1,
      predicted: 3,
      correct: 1,
      precision: 100 / 3,
      recall: 100,
      f1: 50,
    });
    expect(metrics.perClass[1]).toEqual({
      support: 2,
      predicted: 1,
      correct: 1,
      precision: 100,
      recall: 50,
      f1: 200 / 3,
    });
    expect(metrics.perClass[2]).toEqual({
      support: 1,
      predicted: 0,
      correct: 0,
      precision: undefined,
      recall: 0,
      f1: 0,
    });
  });

  it("averages over classes", () => {
    expect(metrics.macro.precision).toBeCloseTo((100 / 3 + 100 + 0) / 3, 10);
    expect(metrics.macro.recall).toBeCloseTo(50, 10);
    expect(metrics.macro.f1).toBeCloseTo((50 + 200 / 3 + 0) / 3, 10);
  });

  it("counts pairs of a class and a prediction, and lists those that occur", () => {
    expect(metrics.confusion).toEqual([
      { label: 0, predicted: 0, count: 1 },
      { label: 1, predicted: 0, count: 1 },
      { label: 1, predicted: 1, count: 1 },
      { label: 2, predicted: 0, count: 1 },
    ]);
  });

  it("gives a class without examples no scores, and leaves it out of the averages", () => {
    const result = scorePredictions({ logits: Float32Array.from([1, 0, 0, 1]), labels: [0, 0], classes: 2 });
    expect(result.perClass[1]).toEqual({
      support: 0,
      predicted: 1,
      correct: 0,
      precision: undefined,
      recall: undefined,
      f1: undefined,
    });
    expect(result.macro).toEqual({ precision: 100, recall: 50, f1: 200 / 3 });
  });

  it("tells the probabilities of each mistake", () => {
    const sum = Math.E ** 3 + 2;
    const odds = {
      predictedProbability: expect.closeTo(Math.E ** 3 / sum, 6),
      labelProbability: expect.closeTo(1 / sum, 6),
    };
    expect(metrics.mistakes).toEqual([
      { example: 2, label: 1, predicted: 0, ...odds },
      { example: 3, label: 2, predicted: 0, ...odds },
    ]);
  });

  it("comes to the same batch by batch", () => {
    const scorer = openScorer(3);
    scorer.add(logits.subarray(0, 3), [0]);
    scorer.add(logits.subarray(3), [1, 1, 2]);
    expect(scorer.metrics()).toEqual(metrics);
  });

  it("scores ImageNet-21k's classes without a table of their square", () => {
    const classes = 21_843;
    const before = process.memoryUsage().rss;
    const result = scorePredictions({
      logits: new Float32Array(2 * classes).fill(1, classes - 1, classes),
      labels: [classes - 1, 7],
      classes,
    });
    expect(result).toMatchObject({ correct: 1, predictions: [classes - 1, 0] });
    expect(result.confusion).toHaveLength(2);
    // The square would take 3.8 GB.
    expect(process.memoryUsage().rss - before).toBeLessThan(2 ** 29);
  });

  it("looks among the best five only", () => {
    const row = [6, 5, 4, 3, 2, 1, 0];
    const at = (label: number) =>
      scorePredictions({ logits: Float32Array.from(row), labels: [label], classes: 7 }).top5;
    expect([at(4), at(5)]).toEqual([100, 0]);
  });

  it("counts examples with NaN or infinite logits as wrong and keeps them out of the loss", () => {
    const broken = Float32Array.from([Number.NaN, 1, 0, 1, Number.POSITIVE_INFINITY, 1]);
    const result = scorePredictions({ logits: broken, labels: [1, 1, 0], classes: 2 });
    expect(result).toMatchObject({ top1: 100 / 3, broken: 2, predictions: [-1, 1, -1] });
    expect(result.loss).toBeCloseTo(Math.log(1 + Math.exp(-1)), 6);
    expect(result.perClass[0]).toMatchObject({ support: 1, recall: 0 });
  });

  it("has no scores without examples", () => {
    const result = scorePredictions({ logits: new Float32Array(0), labels: [], classes: 2 });
    expect(result).toMatchObject({ examples: 0, top1: 0, top5: 0, loss: Number.NaN, predictions: [] });
  });

  it.each([
    {
      input: { logits: new Float32Array(5), labels: [0, 1], classes: 3 },
      message: "scorePredictions: got 5 logits for 2 examples of 3 classes; 6 were expected.",
    },
    {
      input: { logits: new Float32Array(4), labels: [0, 2], classes: 2 },
      message:
        "scorePredictions: example 1 has the label 2; with 2 classes it must be a whole number from 0 to 1.",
    },
  ])("refuses: $message", ({ input, message }) => {
    expect(() => scorePredictions(input)).toThrow(new GraphError(message));
  });
});
