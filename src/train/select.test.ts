import { describe, expect, it } from "vitest";
import { type Best, chooseBest, standardError } from "./select.ts";

type Score = readonly [top1: number, loss: number];

/** The epoch kept after all of these, the first being the probe. */
function keptOf(scores: readonly Score[], options: Parameters<typeof chooseBest>[2], first = -1): Best {
  let best: Best | undefined;
  for (const [at, [top1, loss]] of scores.entries())
    best = chooseBest(best, { epoch: at + first, top1, loss }, options);
  if (!best) throw new Error("no scores");
  return best;
}

describe("standardError", () => {
  it("is that of a binomial share, in percent", () => {
    expect(standardError(50, 100)).toBeCloseTo(5, 12);
    expect(standardError(90, 400)).toBeCloseTo(1.5, 12);
    expect(standardError(100, 7)).toBe(0);
  });
});

describe("chooseBest by val", () => {
  const val = { select: "val", examples: 100 } as const;

  it("keeps the most correct, then the lowest loss, then the first", () => {
    expect(
      keptOf(
        [
          [50, 1],
          [60, 2],
          [60, 1.5],
          [60, 1.5],
          [59, 0.1],
        ],
        val,
      ).epoch,
    ).toBe(1);
  });
});

describe("chooseBest by latest", () => {
  // At 80 % of 100 examples one standard error is 4 %.
  const latest = { select: "latest", examples: 100 } as const;

  it("keeps the latest within one standard error of the highest", () => {
    expect(
      keptOf(
        [
          [50, 1],
          [80, 1],
          [76.1, 1],
          [75.9, 1],
        ],
        latest,
      ),
    ).toMatchObject({ epoch: 1, highest: 80 });
    expect(
      keptOf(
        [
          [50, 1],
          [76.1, 1],
          [70, 1],
          [80, 1],
        ],
        latest,
      ).epoch,
    ).toBe(2);
  });

  it("does not sink step by step", () => {
    expect(
      keptOf(
        [
          [50, 1],
          [80, 1],
          [77, 1],
          [74, 1],
          [71, 1],
        ],
        latest,
      ).epoch,
    ).toBe(1);
  });

  it("keeps nothing below the probe, whatever the error", () => {
    expect(
      keptOf(
        [
          [80, 1],
          [79, 0.1],
        ],
        latest,
      ),
    ).toMatchObject({ epoch: -1, floor: 80 });
    expect(
      keptOf(
        [
          [80, 1],
          [80, 9],
        ],
        latest,
      ).epoch,
    ).toBe(0);
  });

  it("has no floor without a probe", () => {
    expect(
      keptOf(
        [
          [80, 1],
          [79, 1],
        ],
        latest,
        0,
      ),
    ).toMatchObject({ epoch: 1, floor: 0 });
  });
});
