import { describe, expect, it } from "vitest";
import { estimateByFeatures, type Work, withEstimate } from "./estimate.ts";
import type { FitEvent, FitState } from "./fit-events.ts";

const work: Work = { epochs: 2, folds: 0, images: 40, validatedPerStep: 3, validationShare: 0.5 };

/** Two epochs of four steps of ten images; each step takes `seconds`, each validation 100. */
async function collect(seconds: (step: number) => number, from = 0) {
  let clock = 0;
  async function* events(): AsyncGenerator<FitEvent, void, void> {
    for (let step = from + 1; step <= 8; step++) {
      clock += 1000 * seconds(step);
      const position = { seen: 10 * (step % 4 || 4) };
      const state = { position } as unknown as FitState;
      const pace = { loss: 1, learningRate: 1, gradientNorm: 1, imagesPerSecond: 1 };
      yield { type: "step", epoch: step > 4 ? 1 : 0, step, steps: 8, ...pace, state };
      if (step % 4 === 0) {
        clock += 100_000;
        yield { type: "progress", label: "validating", done: 1, total: 1, unit: "images" };
      }
    }
  }
  const seen: FitEvent[] = [];
  for await (const event of withEstimate(events(), work, () => clock)) seen.push(event);
  return seen;
}
const only = (events: readonly FitEvent[]) => events.filter(({ type }) => type === "estimate");

describe("withEstimate", () => {
  it("takes the median of three steps after the slow first one, and adds the validation", async () => {
    const events = await collect((step) => [60, 2, 9, 2][step - 1] ?? 2);
    expect(events.findIndex(({ type }) => type === "estimate")).toBe(4);
    // Four steps of 2 s, and for each of them 3 validation images of half of 0.2 s.
    expect(only(events)).toEqual([
      {
        ...{ type: "estimate", epochs: 2, folds: 0, images: 40, measuredOn: "steps" },
        ...{ imagesPerSecond: 5, seconds: expect.closeTo(4 * (2 + 3 * 0.5 * 0.2)) },
      },
    ]);
  });

  it("leaves out the time between epochs", async () => {
    const [estimate] = only(await collect(() => 2, 2));
    expect(estimate).toMatchObject({ imagesPerSecond: 5, seconds: expect.closeTo(2 * 2.3) });
  });

  it("says nothing of a run with too few steps left", async () => {
    expect(only(await collect(() => 2, 5))).toEqual([]);
  });
});

describe("estimateByFeatures", () => {
  const run = { epochs: 2, folds: 0, images: 40, trained: 80, validated: 30 };
  it("scales by the multiplications of a step", () => {
    expect(estimateByFeatures(run, { perFeature: 0.1, left: 20, stepShare: 3 })).toMatchObject({
      seconds: expect.closeTo(20 * 0.1 + 80 * 0.3 + 30 * 0.1),
      imagesPerSecond: expect.closeTo(1 / 0.3),
    });
  });
  it("counts the features alone where training is on them", () => {
    expect(estimateByFeatures(run, { perFeature: 0.1, left: 20, stepShare: 0 })).toMatchObject({
      seconds: expect.closeTo(2),
      imagesPerSecond: 0,
    });
  });
});
