import { describe, expect, it } from "vitest";
import { meanInterval, meanOf, stdOf } from "./statistics.ts";

describe("statistics", () => {
  it("are those of numpy and scipy", () => {
    // numpy.std([84.2, 85.1, 83.9], ddof=1); scipy.stats.t.interval(0.95, 2, mean, sem)
    const values = [84.2, 85.1, 83.9];
    expect(meanOf(values)).toBeCloseTo(84.4, 12);
    expect(stdOf(values)).toBeCloseTo(0.6244997998398349, 12);
    const [low = 0, high = 0] = meanInterval(values) ?? [];
    expect(low).toBeCloseTo(82.84866, 3);
    expect(high).toBeCloseTo(85.95134, 3);
  });

  it("use the right point of Student's t far from the table's start, and beyond it", () => {
    // scipy.stats.t.ppf(0.975, n - 1) for n = 11, 41
    for (const [count, point] of [
      [11, 2.228139],
      [41, 2.021075],
    ] as const) {
      const values = Array.from({ length: count }, (_, index) => index % 2);
      const half =
        ((meanInterval(values)?.[1] ?? 0) - meanOf(values)) / ((stdOf(values) ?? 1) / Math.sqrt(count));
      expect(half).toBeCloseTo(point, 3);
    }
  });

  it("say nothing of how one value varies", () => {
    expect(stdOf([80])).toBeUndefined();
    expect(meanInterval([80])).toBeUndefined();
  });
});
