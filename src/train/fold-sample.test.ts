import { describe, expect, it } from "vitest";
import { joinSamples, storeSample } from "./fold-sample.ts";

describe("samples of folds", () => {
  const one = { logits: Float32Array.of(0.123456, -2), labels: [1], classes: 2 };
  const two = { logits: Float32Array.of(1, 2, 3, 4.00006), labels: [0, 1], classes: 2 };

  it("are joined in order, rounded to four decimals", () => {
    expect(joinSamples([storeSample(one), storeSample(two)], 2)).toEqual({
      logits: Float32Array.of(0.1235, -2, 1, 2, 3, 4.0001),
      labels: [1, 0, 1],
      classes: 2,
    });
  });

  it("are left out where they are too many, or where a fold has none", () => {
    expect(storeSample({ logits: new Float32Array(20_001), labels: [], classes: 20_001 })).toBeUndefined();
    expect(storeSample(undefined)).toBeUndefined();
    expect(joinSamples([storeSample(one), undefined], 2)).toBeUndefined();
  });
});
