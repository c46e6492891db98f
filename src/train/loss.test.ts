import { describe, expect, it } from "vitest";
import { evaluate } from "../engine/reference.ts";
import { grad } from "../graph/grad.ts";
import { input } from "../graph/value.ts";
import { crossEntropy, logSoftmax } from "./loss.ts";

/** The loss and its gradient by the logits, in float64. */
function lossOf(logits: readonly number[], targets: readonly number[], classes: number) {
  const shape = [logits.length / classes, classes];
  const x = input("logits", shape);
  const loss = crossEntropy(x, input("targets", shape));
  const [gradient = loss] = grad(loss, [x]);
  const results = evaluate(
    { outputs: { loss, gradient } },
    { logits: Float64Array.from(logits), targets: Float64Array.from(targets) },
  );
  return { loss: results.loss?.data[0], gradient: results.gradient?.data ?? [] };
}

/** softmax of one row, worked out plainly. */
const plainSoftmax = (row: readonly number[]): number[] => {
  const sum = row.reduce((total, x) => total + Math.exp(x), 0);
  return row.map((x) => Math.exp(x) / sum);
};

describe("crossEntropy", () => {
  it("is ln(classes) where all logits are alike", () => {
    expect(lossOf([0, 0, 0, 0], [0, 1, 0, 0], 4).loss).toBeCloseTo(Math.log(4), 12);
  });

  it("is -log of the right class's probability: by hand", () => {
    // e^0, e^1, e^2 over their sum 11.1073; the mean of -log p₂ and -log p₀
    const { loss } = lossOf([0, 1, 2, 0, 1, 2], [0, 0, 0.5, 0.5, 0, 0], 3);
    const sum = 1 + Math.E + Math.E ** 2;
    expect(loss).toBeCloseTo(0.5 * (Math.log(sum) - 2) + 0.5 * Math.log(sum), 12);
  });

  it("has softmax - target as its gradient, for soft targets too", () => {
    const logits = [0.3, -1.2, 2.5, 1, 1, -4];
    const targets = [0.1, 0.2, 0.7, 0.9, 0.05, 0.05];
    const expected = [...plainSoftmax(logits.slice(0, 3)), ...plainSoftmax(logits.slice(3))].map(
      (p, i) => p - (targets[i] ?? 0),
    );
    expect(lossOf(logits, targets, 3).gradient).toBeCloseToTensor(expected, { relative: 1e-12 });
  });

  it("stays finite for large logits", () => {
    const { loss, gradient } = lossOf([1000, -1000, 0], [0, 1, 0], 3);
    expect(loss).toBe(2000);
    expect([...gradient]).toEqual([1, -1, 0]);
  });

  it("counts nothing for a row of zeros", () => {
    const alone = lossOf([1, 2], [1, 0], 2);
    const padded = lossOf([1, 2, 7, -3], [1, 0, 0, 0], 2);
    expect(padded.loss).toBe(alone.loss);
    expect([...padded.gradient]).toEqual([...alone.gradient, 0, 0]);
  });
});

describe("logSoftmax", () => {
  it("is the log of probabilities that sum to 1 along the last axis", () => {
    const x = input("x", [2, 3]);
    const { y } = evaluate({ outputs: { y: logSoftmax(x) } }, { x: Float64Array.of(1, 2, 3, -500, 0, 500) });
    const [first = [], second = []] = [y?.data.slice(0, 3), y?.data.slice(3)];
    expect([...first].reduce((sum, value) => sum + Math.exp(value), 0)).toBeCloseTo(1, 12);
    expect([...second]).toEqual([-1000, -500, 0]);
  });
});
