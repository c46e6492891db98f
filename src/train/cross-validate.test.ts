import { describe, expect, it } from "vitest";
import { randomNumbers } from "../../test/random-numbers.ts";
import { tinyModel } from "../../test/tiny-model.ts";
import {
  examplesInMemory,
  type FitEvent,
  type FitOptions,
  type FitState,
  fit,
  InputError,
  type RecipeInput,
  referenceEngine,
} from "../index.ts";
import { foldsOf, someExamples } from "./folds.ts";

const size = 3 * 8 * 8;
const labels = Array.from({ length: 14 }, (_, at) => at % 2);

/** Two classes that differ in brightness by less than the noise, so that some images are hard. */
const train = examplesInMemory(
  randomNumbers(labels.length * size, { seed: 5, low: -1, high: 1 }).map(
    (noise, at) => noise + (Math.floor(at / size) % 2 === 0 ? -0.08 : 0.08),
  ),
  labels,
);

const recipe: RecipeInput = {
  name: "official",
  ...{
    start: "probe" as const,
    scheduleUnit: "step" as const,
    select: "latest" as const,
    folds: 3,
    seed: 11,
  },
  ...{ epochs: 3, batchSize: 5, learningRate: 1e-2, warmupEpochs: 0, dropout: 0.1, blend: 0.5 },
};
const options: FitOptions = { model: tinyModel(), classes: 2, train, recipe, engine: referenceEngine() };

async function collect(more: Partial<FitOptions> = {}): Promise<FitEvent[]> {
  const events: FitEvent[] = [];
  for await (const event of fit({ ...options, ...more })) events.push(event);
  return events;
}

const only = <T extends FitEvent["type"]>(events: readonly FitEvent[], type: T) =>
  events.filter((event): event is Extract<FitEvent, { type: T }> => event.type === type);

/** What of an event does not depend on the clock. */
function factsOf(event: FitEvent): object {
  const {
    state: _,
    seconds: __,
    waitSeconds: ____,
    imagesPerSecond: ___,
    ...facts
  } = event as FitEvent & Record<string, unknown>;
  return facts;
}

describe("cross-validation", () => {
  it("trains each fold without what it holds out, as training with those as validation examples does", async () => {
    const events = await collect();
    const foldOf = foldsOf(labels, { folds: 3, seed: 11 });
    const indices = (keep: (fold: number) => boolean) =>
      foldOf.flatMap((at, index) => (keep(at) ? [index] : []));
    for (const fold of [0, 1, 2]) {
      const held = indices((at) => at === fold);
      const without = someExamples(
        train,
        indices((at) => at !== fold),
      );
      const [{ probeTop1, examples } = { probeTop1: -1, examples: -1 }] = only(events, "fold").filter(
        (event) => event.fold === fold,
      );
      expect(examples).toBe(held.length);
      expect(probeTop1).toBeGreaterThanOrEqual(0);
      // A start of zero has no probe, whose penalty is chosen without the fold here and on the fold there.
      const zero: RecipeInput = { ...recipe, start: "zero" };
      const alone = await collect({
        train: without,
        val: someExamples(train, held),
        recipe: { ...zero, folds: 0, select: "val" },
      });
      const folded = await collect({ recipe: zero });
      const scores = (from: readonly FitEvent[], of?: number) =>
        only(from, "epoch")
          .filter((event) => event.fold === of)
          .map(({ trainLoss, valLoss, valTop1 }) => ({ trainLoss, valLoss, valTop1 }));
      expect(scores(folded, fold)).toEqual(scores(alone));
    }
  });

  it("then trains on all, each epoch told by its score over all folds", async () => {
    const events = await collect();
    const order = events
      .filter(({ type }) => ["probe", "fold", "done"].includes(type))
      .map(({ type }) => type);
    expect(order).toEqual(["probe", "fold", "fold", "fold", "done"]);
    const last = only(events, "epoch").filter(({ fold }) => fold === undefined);
    const sizes = only(events, "fold").map(({ examples }) => examples);
    for (const { epoch, valTop1 } of last) {
      const folds = only(events, "epoch").filter(
        (event) => event.fold !== undefined && event.epoch === epoch,
      );
      const mean =
        folds.reduce((sum, { valTop1: top1 = 0 }, fold) => sum + top1 * (sizes[fold] ?? 0), 0) / 14;
      expect(valTop1).toBeCloseTo(mean, 9);
    }
    const [start] = only(events, "start");
    const [done] = only(events, "done");
    expect(start).toMatchObject({ folds: 3, valExamples: 0 });
    expect(done?.epoch).toBe(last.length - 1);
    expect(done?.tensors?.get("head.weight")?.data.every(Number.isFinite)).toBe(true);
    expect(only(events, "step").map(({ step }) => step)).toEqual(
      Array.from({ length: only(events, "step").length }, (_, at) => at + 1),
    );
    if (last.length === recipe.epochs) expect(only(events, "step").length).toBe(start?.steps);
  });

  it("resumes from any event to the same events and tensors", async () => {
    const whole = await collect();
    const tensors = only(whole, "done")[0]?.tensors;
    const stops = whole.flatMap(({ type, ...event }, at) => {
      const isStep = type === "step" && "step" in event && event.step % 7 === 0;
      return isStep || type === "probe" || type === "fold" || (type === "epoch" && at % 4 === 0) ? [at] : [];
    });
    // After the last epoch its tensors lie before the resume.
    const last = whole.findLastIndex(({ type }) => type === "epoch");
    for (const at of stops.filter((at) => at < last)) {
      let [seen, state]: [number, FitState | undefined] = [0, undefined];
      for await (const event of fit(options))
        if (seen++ === at && "state" in event) {
          state = structuredClone({ position: event.state.position, parameters: event.state.parameters });
          break;
        }
      const rest = await collect({ ...(state && { resume: state }) });
      const tail = (events: readonly FitEvent[]) =>
        events.filter(({ type }) => ["step", "epoch", "fold"].includes(type)).map(factsOf);
      const expected = tail(whole.slice(at + 1));
      expect(tail(rest), `from event ${at}`).toEqual(expected);
      expect(only(rest, "done")[0]?.tensors).toEqual(tensors);
    }
  });

  it("ends with the probe of all examples where no epoch validates as well", async () => {
    const harmful: RecipeInput = { ...recipe, learningRate: 3, schedule: "constant" };
    const events = await collect({ recipe: harmful });
    const [probe] = only(events, "probe");
    expect(only(events, "done")[0]).toMatchObject({ epoch: -1, valTop1: probe?.valTop1 });
    expect(only(events, "epoch").filter(({ fold }) => fold === undefined)).toEqual([]);
  });

  it("refuses folds beside validation examples, and more folds than examples", async () => {
    await expect(collect({ val: train })).rejects.toThrow(
      new InputError(
        "folds cross-validates where there are no validation examples, but there are 14. Leave them out, or give folds: 0.",
      ),
    );
    await expect(collect({ recipe: { ...recipe, folds: 20 } })).rejects.toThrow(
      new InputError("folds must be at most the number of training examples, 14, got 20."),
    );
  });
});
