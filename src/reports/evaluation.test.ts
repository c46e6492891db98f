import { describe, expect, it } from "vitest";
import { scorePredictions } from "../predict/scorer.ts";
import { confusedPairs } from "./confused-pairs.ts";
import { evaluationRecords } from "./evaluation.ts";

describe("confusedPairs", () => {
  it("lists mistakes, most frequent first, and equal ones in order", () => {
    const cell = ([label, predicted, count]: readonly [number, number, number]) => ({
      label,
      predicted,
      count,
    });
    const confusion = (
      [
        [0, 0, 5],
        [0, 1, 1],
        [1, 1, 2],
        [1, 2, 3],
        [2, 0, 1],
        [2, 2, 4],
      ] as const
    ).map(cell);
    expect(confusedPairs({ confusion })).toEqual([
      { label: 1, predicted: 2, count: 3 },
      { label: 0, predicted: 1, count: 1 },
      { label: 2, predicted: 0, count: 1 },
    ]);
  });
});

describe("evaluationRecords", () => {
  it("ends with the evaluation", () => {
    const metrics = scorePredictions({
      logits: Float32Array.from([2, 0, 0, 2, 2, 0]),
      labels: [0, 1, 1],
      classes: 2,
    });
    const records = evaluationRecords({ split: "test", classes: ["cat", "dog"], metrics });
    expect(records).toEqual([
      { type: "class", name: "cat", support: 1, precision: 50, recall: 100, f1: 200 / 3 },
      { type: "class", name: "dog", support: 2, precision: 100, recall: 50, f1: 200 / 3 },
      {
        type: "confusion",
        counts: [
          [0, 0, 1],
          [1, 0, 1],
          [1, 1, 1],
        ],
      },
      {
        type: "evaluation",
        split: "test",
        examples: 3,
        top1: 200 / 3,
        top5: 100,
        loss: metrics.loss,
        macroPrecision: 75,
        macroRecall: 75,
        macroF1: 200 / 3,
        broken: 0,
      },
    ]);
  });

  it("stays JSON where nothing is known", () => {
    const metrics = scorePredictions({
      logits: new Float32Array(2).fill(Number.NaN),
      labels: [0],
      classes: 2,
    });
    const lines = evaluationRecords({ split: "val", classes: ["a", "b"], metrics }).map((record) =>
      JSON.stringify(record),
    );
    expect(lines[1]).toBe('{"type":"class","name":"b","support":0,"precision":null,"recall":null,"f1":null}');
    expect(lines.at(-1)).toBe(
      '{"type":"evaluation","split":"val","examples":1,"top1":0,"top5":0,"loss":null,"macroPrecision":0,"macroRecall":0,"macroF1":0,"broken":1}',
    );
  });
});
