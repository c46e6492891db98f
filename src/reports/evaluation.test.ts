import { describe, expect, it } from "vitest";
import { scorePredictions } from "../predict/scorer.ts";
import { wilsonInterval } from "../predict/wilson.ts";
import { confusedPairs } from "./confused-pairs.ts";
import { type Evaluation, evaluationRecords } from "./evaluation.ts";

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
        trainedOn: null,
        validated: null,
        knownBy: null,
        top1: 200 / 3,
        top1Interval: wilsonInterval(2, 3),
        top5: 100,
        top5Interval: wilsonInterval(3, 3),
        heldOutTop1: null,
        heldOutInterval: null,
        loss: metrics.loss,
        classes: 2,
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
    const whole = JSON.stringify(wilsonInterval(0, 1));
    expect(lines.at(-1)).toBe(
      `{"type":"evaluation","split":"val","examples":1,"trainedOn":null,"validated":null,"knownBy":null,"top1":0,"top1Interval":${whole},"top5":0,"top5Interval":${whole},"heldOutTop1":null,"heldOutInterval":null,"loss":null,"classes":1,"macroPrecision":0,"macroRecall":0,"macroF1":0,"broken":1}`,
    );
  });

  it("gives the accuracy on what was not trained on by itself", () => {
    const metrics = scorePredictions({
      logits: Float32Array.from([2, 0, 0, 2, 2, 0, 2, 0]),
      labels: [0, 1, 1, 0],
      classes: 2,
    });
    const uses = { trainedOn: 2, validated: 1, heldOutCorrect: 1, knownBy: "content" } as const;
    const last = (evaluation: Partial<Evaluation>) =>
      evaluationRecords({ split: "train", classes: ["a", "b"], metrics, uses, ...evaluation }).at(-1);
    expect(last({})).toMatchObject({
      ...{ split: "train", examples: 4, trainedOn: 2, validated: 1, knownBy: "content", top1: 75 },
      ...{ heldOutTop1: 50, heldOutInterval: wilsonInterval(1, 2) },
    });
    expect(last({ uses: { ...uses, trainedOn: 4, heldOutCorrect: 0 } })).toMatchObject({
      ...{ trainedOn: 4, heldOutTop1: null, heldOutInterval: null },
    });
  });

  it("leaves classes without examples out of the means, and counts those that have some", () => {
    // Of class 1 there are none, but one example of class 0 is taken for it.
    const metrics = scorePredictions({
      logits: Float32Array.from([2, 0, 0, 0, 2, 0, 0, 0, 2]),
      labels: [0, 0, 2],
      classes: 3,
    });
    const records = evaluationRecords({ split: "test", classes: ["a", "b", "c"], metrics });
    expect(records[1]).toEqual({
      ...{ type: "class", name: "b", support: 0, precision: null, recall: null, f1: null },
    });
    // Means of (100, 100), (50, 100) and (200 / 3, 100).
    expect(records.at(-1)).toMatchObject({
      ...{ classes: 2, macroPrecision: 100, macroRecall: 75, macroF1: expect.closeTo(250 / 3, 9) },
    });
  });
});
