import { describe, expect, it } from "vitest";
import { auroc } from "./auroc.ts";
import { fitUnknownRule, isUnknown } from "./unknown.ts";

describe("auroc", () => {
  it.each([
    [[3, 4], [1, 2], 1],
    [[1, 2], [3, 4], 0],
    [[1, 3], [2, 4], 0.25],
    [[1, 1, 1], [1, 1], 0.5],
    // Pairs (2,1) and (3,1) and (3,2) won, (2,2) tied: 3.5 of 4.
    [[2, 3], [1, 2], 0.875],
    [[], [1], Number.NaN],
  ])("of %j above %j is %d", (inside, outside, area) => {
    expect(auroc(inside, outside)).toBe(area);
  });
});

/** Logits of three classes, images being the sure of their class by a probability each. */
const logitsOf = (rows: readonly (readonly number[])[]) => ({
  logits: Float64Array.from(rows.flatMap((row) => row.map(Math.log))),
  classes: rows[0]?.length ?? 0,
});

describe("fitUnknownRule", () => {
  it("has no threshold with 18 images, and the lowest score as one with 19", () => {
    const rows = Array.from({ length: 19 }, (_, i) => [0.5 + i / 50, 0.5 - i / 50]);
    const labels = rows.map(() => 0);
    expect(fitUnknownRule({ ...logitsOf(rows.slice(1)), labels: labels.slice(1) }, 1)).toBeUndefined();
    const rule = fitUnknownRule({ ...logitsOf(rows), labels }, 1);
    expect(rule).toEqual({ threshold: expect.closeTo(0.5, 12), images: 19, kept: 19 });
  });

  it("refuses the tenth-lowest and keeps 191 of 200, whatever the temperature", () => {
    const rows = Array.from({ length: 200 }, (_, i) => [0.5 + i / 500, 0.5 - i / 500]);
    const labels = rows.map((_, i) => i % 2);
    for (const temperature of [1, 2]) {
      const rule = fitUnknownRule({ ...logitsOf(rows), labels }, temperature);
      expect(rule).toMatchObject({ images: 200, kept: 191 });
      if (temperature === 1) expect(rule?.threshold).toBeCloseTo(0.5 + 9 / 500, 12);
    }
  });

  it("estimates by taking each image's own class away", () => {
    // Without their class, images of 0 and 1 look as 0.5 / 0.5 and those of 2 as 0.9 / 0.1.
    const rows = Array.from({ length: 30 }, (_, i) =>
      i % 3 === 2 ? [0.18, 0.02, 0.8] : i % 3 === 1 ? [0.1, 0.8, 0.1] : [0.8, 0.1, 0.1],
    );
    const labels = rows.map((_, i) => i % 3);
    const rule = fitUnknownRule({ ...logitsOf(rows), labels }, 1);
    // All score 0.8 with their class, so the threshold is 0.8; 20 of 30 are below it without.
    expect(rule?.threshold).toBeCloseTo(0.8, 12);
    expect(rule?.estimate?.found).toBe(20);
    // 0 left out: 0.5 against 0.8 / 0.9 and 0.8 / 0.82, all above; so for 1. 2 left out: 0.9 against 0.8 / 0.9 = 0.889, none.
    expect(rule?.estimate?.auroc).toBeCloseTo((10 + 10 + 0) / 30, 12);
  });

  it("has no estimate of two classes: one alone is certain of everything", () => {
    const rows = Array.from({ length: 20 }, () => [0.6, 0.4]);
    expect(fitUnknownRule({ ...logitsOf(rows), labels: rows.map((_, i) => i % 2) }, 1)).not.toHaveProperty(
      "estimate",
    );
  });
});

it("takes an image at the threshold for known", () => {
  const rule = { threshold: 0.5, images: 20, kept: 20 };
  expect([0.49, 0.5, 0.51].map((score) => isUnknown(rule, score))).toEqual([true, false, false]);
});
