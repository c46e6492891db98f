import { describe, expect, it } from "vitest";
import { readGolden } from "../../test/golden.ts";
import { GraphError } from "../errors.ts";
import { type Calibration, measureCalibration } from "./measure.ts";
import { fitTemperature } from "./temperature.ts";

interface Case {
  readonly name: string;
  readonly classes: number;
  readonly logits: readonly number[];
  readonly labels: readonly number[];
  readonly temperature: number;
  readonly before: Calibration;
  readonly after: Calibration;
}
const { cases } = readGolden<{ readonly cases: readonly Case[] }>("calibration");

const close = (found: Calibration, expected: Calibration) => {
  for (const key of ["ece", "loss", "brier"] as const) expect(found[key], key).toBeCloseTo(expected[key], 6);
};

describe("fitTemperature", () => {
  it.each(cases)("finds what SciPy finds: $name", ({ classes, logits, labels, ...expected }) => {
    const fit = fitTemperature({ logits: Float64Array.from(logits), labels, classes });
    expect(fit.temperature).toBeCloseTo(expected.temperature, 5);
    expect(fit.images).toBe(labels.length);
    close(fit.before, expected.before);
    close(fit.after, expected.after);
  });

  it("is 1 of one class alone, whose probability is 1 at any temperature", () => {
    const alone = fitTemperature({ logits: Float32Array.of(5, -3), labels: [0, 0], classes: 1 });
    expect(alone.temperature).toBeCloseTo(1, 8);
  });

  it("stays in its range where every image is wrong, or correct beyond doubt", () => {
    const many = Array.from({ length: 5000 }, () => 0);
    const wrong = Float32Array.from(many.flatMap(() => [0, 100]));
    expect(fitTemperature({ logits: wrong, labels: many, classes: 2 }).temperature).toBeCloseTo(20, 6);
    const barely = Float32Array.from(many.flatMap(() => [0.001, 0]));
    expect(fitTemperature({ logits: barely, labels: many, classes: 2 }).temperature).toBeCloseTo(0.05, 6);
  });

  it("does not depend on what is added to all logits of an image", () => {
    const [first] = cases;
    if (!first) throw new Error("no case");
    const moved = Float64Array.from(first.logits, (x, i) => x + 1000 * Math.floor(i / first.classes));
    const { temperature } = fitTemperature({ ...first, logits: moved });
    expect(temperature).toBeCloseTo(first.temperature, 5);
  });

  it.each([
    [[], [], "fitTemperature: there is no image to fit a temperature on."],
    [[1, 2, 3], [0], "fitTemperature: got 3 logits for 1 examples of 2 classes; 2 were expected."],
    [
      [1, Number.NaN],
      [0],
      "fitTemperature: some logits are NaN or infinite; leave out the images they are of.",
    ],
    [
      [1, 2],
      [2],
      "fitTemperature: example 0 has the label 2; with 2 classes it must be a whole number from 0 to 1.",
    ],
  ])("refuses %j of %j", (logits, labels, message) => {
    expect(() => fitTemperature({ logits: Float64Array.from(logits), labels, classes: 2 })).toThrow(
      new GraphError(message),
    );
  });
});

describe("measureCalibration", () => {
  it("is what one can compute by hand", () => {
    // Probabilities 0.8, 0.8, 0.6; correct, wrong, correct.
    const logits = Float64Array.of(Math.log(4), 0, Math.log(4), 0, 0, Math.log(1.5));
    const { ece, loss, brier } = measureCalibration({ logits, labels: [0, 1, 1], classes: 2 });
    // 0.8 lies in bin 12, (11/15, 12/15], or by rounding in 13, both of them together; 0.6 in bin 9.
    expect(ece).toBeCloseTo((Math.abs(1 - 1.6) + Math.abs(1 - 0.6)) / 3, 12);
    expect(loss).toBeCloseTo(-(Math.log(0.8) + Math.log(0.2) + Math.log(0.6)) / 3, 12);
    expect(brier).toBeCloseTo((2 * 0.04 + 2 * 0.64 + 2 * 0.16) / 3, 12);
  });

  it("is 0 for one who is always sure and correct, and 1 for one who is sure and wrong", () => {
    const sure = Float64Array.of(1000, 0);
    expect(measureCalibration({ logits: sure, labels: [0], classes: 2 }).ece).toBe(0);
    expect(measureCalibration({ logits: sure, labels: [1], classes: 2 })).toEqual({
      ...{ ece: 1, loss: 1000, brier: 2 },
    });
  });
});
