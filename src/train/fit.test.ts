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

const model = tinyModel();
const size = 3 * 8 * 8;

/** Noisy images of two classes that differ in brightness: no file, no thread, no native code. */
function brightness(count: number, seed: number) {
  const labels = Array.from({ length: count }, (_, at) => at % 2);
  const numbers = randomNumbers(count * size, { seed, low: -0.5, high: 0.5 }).map(
    (noise, at) => noise + (Math.floor(at / size) % 2 === 0 ? -0.4 : 0.4),
  );
  return examplesInMemory(Float32Array.from(numbers), labels);
}

const options = (): FitOptions => ({
  model,
  classes: 2,
  train: brightness(12, 1),
  val: brightness(6, 2),
  recipe: { name: "official", epochs: 4, batchSize: 6, learningRate: 2e-2, warmupEpochs: 0, dropout: 0.1 },
  engine: referenceEngine(),
});

async function collect(events: AsyncIterable<FitEvent>): Promise<FitEvent[]> {
  const collected: FitEvent[] = [];
  for await (const event of events) collected.push(event);
  return collected;
}

function doneOf(events: readonly FitEvent[]) {
  const last = events.at(-1);
  if (last?.type !== "done") throw new Error("training did not end");
  return last;
}

/** A copy that training will not change. */
const copyState = ({ position, parameters }: FitState): FitState => structuredClone({ position, parameters });

describe("fit, in memory", () => {
  it("learns, and ends with the tensors of the best epoch", async () => {
    const events = await collect(fit(options()));
    const epochs = events.flatMap((event) => (event.type === "epoch" ? [event] : []));
    const [first] = events.flatMap((event) => (event.type === "step" ? [event.loss] : []));
    // The head starts at zero.
    expect(first).toBeCloseTo(Math.log(2), 6);
    expect(epochs.at(-1)?.trainLoss).toBeLessThan(Math.log(2) / 2);
    const done = doneOf(events);
    expect(done).toMatchObject({ epoch: epochs.findLastIndex(({ best }) => best), valTop1: 100 });
    expect(done.tensors?.get("head.weight")?.shape).toEqual([2, 16]);
  });

  it.each([1, 3, 6])("resumes from the state of step %d with the same results", async (stopAt) => {
    const whole = doneOf(
      await collect(fit({ ...options(), recipe: { ...options().recipe, select: "last" } })),
    );
    let state: FitState | undefined;
    const recipe = { ...options().recipe, select: "last" } as const;
    for await (const event of fit({ ...options(), recipe }))
      if (event.type === "step" && event.step === stopAt) {
        state = copyState(event.state);
        break;
      }
    expect(state?.position.step).toBe(stopAt);
    const resumed = doneOf(await collect(fit({ ...options(), recipe, ...(state && { resume: state }) })));
    expect(resumed.tensors).toEqual(whole.tensors);
  });

  it("mixes images and keeps the average of the weights, and resumes so", async () => {
    const recipe: RecipeInput = {
      ...options().recipe,
      ...{ select: "last", mixup: 0.8, cutmix: 1, emaDecay: 0.5 },
    };
    const averages: Float32Array[] = [];
    let state: FitState | undefined;
    const events: FitEvent[] = [];
    for await (const event of fit({ ...options(), recipe })) {
      events.push(event);
      if (event.type === "start" || event.type === "step") {
        const head = event.state.parameters.get("head.bias")?.parameter ?? new Float32Array();
        const before = averages.at(-1) ?? head;
        averages.push(head.map((value, at) => 0.5 * (before[at] as number) + 0.5 * value));
      }
      if (event.type === "step" && event.step === 3) state = copyState(event.state);
    }
    const done = doneOf(events);
    expect(done.tensors?.get("head.bias")?.data).toEqual(averages.at(-1));
    const resumed = await collect(fit({ ...options(), recipe, ...(state && { resume: state }) }));
    expect(doneOf(resumed).tensors).toEqual(done.tensors);
  });

  it("mixes the images of a frozen backbone, whose features it could have computed once", async () => {
    const of = async (mixup: number) => {
      const recipe: RecipeInput = { ...options().recipe, dropout: 0, select: "last", mixup };
      return doneOf(await collect(fit({ ...options(), recipe, method: { name: "linear" } }))).tensors;
    };
    expect(await of(0.8)).not.toEqual(await of(0));
  });

  it("stops with the signal's reason, between two steps", async () => {
    const stop = new AbortController();
    const reason = new Error("enough");
    let last = 0;
    const training = async () => {
      for await (const event of fit({ ...options(), signal: stop.signal })) {
        if (event.type !== "step") continue;
        last = event.step;
        stop.abort(reason);
      }
    };
    await expect(training()).rejects.toBe(reason);
    expect(last).toBe(1);
  });

  const needs = "examples, as examplesInMemory gives";
  it.each<[unknown, string]>([
    [undefined, "fit: its options must be an object, got undefined."],
    [{}, "fit: model is missing. Give a model, as readModel gives."],
    [{ model: "vit-b16" }, 'fit: model must be a model, as readModel gives, got "vit-b16".'],
    [{ model }, `fit: train is missing. Give ${needs}.`],
    [{ model, train: [1, 2] }, `fit: train must be ${needs}, got [1,2].`],
    [{ ...options(), engine: undefined }, "fit: engine is missing. Give an engine, as openEngine gives."],
    [{ ...options(), engine: "cpu" }, 'fit: engine must be an engine, as openEngine gives, got "cpu".'],
    [{ ...options(), val: {} }, `fit: val must be ${needs}, got {}.`],
    [
      { ...options(), epochs: 3 },
      'fit: there is no option "epochs". Known: model, method, classes, continueFrom, groups, train, val, recipe, engine, features, resume, startHead, memory, recompute, memoryBytes, openRows, readWeight, keep, signal.',
    ],
  ])("refuses what programs without types may give: %#", async (given, message) => {
    await expect(collect(fit(given as FitOptions))).rejects.toThrow(new InputError(message));
  });

  it("refuses labels that are no class", async () => {
    const train = examplesInMemory(new Float32Array(2 * size), [0, 2]);
    await expect(collect(fit({ ...options(), train }))).rejects.toThrow(
      new InputError("train: label 2 is not a class; with 2 classes it is a whole number from 0 to 1."),
    );
  });

  it("refuses images of another size, numbers that are none, and no classes", async () => {
    const small = examplesInMemory(new Float32Array(2 * 100), [0, 1]);
    await expect(collect(fit({ ...options(), train: small }))).rejects.toThrow(
      new InputError("train: an example has 100 numbers; the model needs 192, an image [3, 8, 8]."),
    );
    await expect(collect(fit({ ...options(), classes: 0 }))).rejects.toThrow(
      new InputError("classes must be a whole number above 0, got 0."),
    );
    expect(() => examplesInMemory(new Float32Array(7), [0, 1])).toThrow(
      new InputError("examplesInMemory: 7 numbers do not make 2 examples of one size."),
    );
    expect(() => examplesInMemory(new Float32Array(2).fill(Number.NaN), [0, 1])).toThrow(
      new InputError("examplesInMemory: some numbers are NaN or infinite. Check how they were prepared."),
    );
  });

  it("refuses consistency where nothing is added to the backbone", async () => {
    const recipe = { ...options().recipe, consistency: 1 };
    await expect(collect(fit({ ...options(), recipe, method: { name: "linear" } }))).rejects.toThrow(
      new InputError(
        "consistency acts on what a method adds to the backbone, and this method trains the head alone. Choose another method.",
      ),
    );
  });

  it.each(["norm", { name: "rlrr", options: { sites: ["norm", "patch"] } }])(
    "refuses consistency where no matrix, branch or token changes: %j",
    async (given) => {
      const recipe = { ...options().recipe, consistency: 1 };
      const method = typeof given === "string" ? { name: given } : given;
      await expect(collect(fit({ ...options(), recipe, method }))).rejects.toThrow(
        new InputError(
          "consistency acts on matrices, branches and tokens, and this method changes none of them. Choose another method or other sites.",
        ),
      );
    },
  );

  it("refuses to choose the best epoch by no example", async () => {
    const { val: _, ...without } = options();
    await expect(collect(fit(without))).rejects.toThrow(
      new InputError(
        'val: there is no validation example to choose the best epoch by. Give some, or the recipe folds: 4 or select: "last".',
      ),
    );
  });

  describe("from a linear probe", () => {
    const recipe = { ...options().recipe, start: "probe", scheduleUnit: "step" } as const;
    const eventsOf = async (more: Partial<FitOptions> = {}) =>
      collect(fit({ ...options(), recipe, ...more }));

    it("validates the probe first, starts from its head and from the pre-trained model", async () => {
      const events = await eventsOf();
      const probe = events.find(({ type }) => type === "probe");
      expect(probe).toMatchObject({ valTop1: 100 });
      const [first] = events.flatMap((event) => (event.type === "step" ? [event.loss] : []));
      expect(first).toBeLessThan(Math.log(2) / 2);
      expect(events.map(({ type }) => type).filter((type) => type !== "progress")[1]).toBe("probe");
    });

    // Two of these do not start at the pre-trained model, whose features the head was fitted to.
    it.each([{ name: "rlrr", options: { init: "official" } }, { name: "vpt-deep" }, { name: "lora" }])(
      "tells what the model itself does with the head: $name",
      async (method) => {
        // So small a rate that the first epoch validates the same model.
        const still = { learningRate: 1e-30, minLearningRate: 0, weightDecay: 0, epochs: 1 } as const;
        const events = await eventsOf({ method, recipe: { ...recipe, ...still, schedule: "constant" } });
        const [probe, epoch] = events.filter(({ type }) => type === "probe" || type === "epoch");
        if (probe?.type !== "probe" || epoch?.type !== "epoch") throw new Error("no probe, or no epoch");
        expect(probe.valTop1).toBe(epoch.valTop1);
        expect([probe.valLoss ?? 0]).toBeCloseToTensor([epoch.valLoss ?? 1], { relative: 1e-9 });
      },
    );

    it("keeps the probe where no epoch is better", async () => {
      // A rate so high that training does harm.
      const events = await eventsOf({ recipe: { ...recipe, learningRate: 3, schedule: "constant" } });
      const done = doneOf(events);
      expect(done).toMatchObject({ epoch: -1, valTop1: 100 });
      const left = done.tensors?.get("blocks.0.q.left")?.data ?? new Float32Array([1]);
      expect(left.every((one) => one === 0)).toBe(true);
      expect(done.tensors?.get("head.weight")?.data.some((one) => one !== 0)).toBe(true);
    });

    it("goes on from a step to the same numbers, without a second probe", async () => {
      const last = { ...recipe, select: "last" } as const;
      const whole = doneOf(await eventsOf({ recipe: last }));
      let state: FitState | undefined;
      for await (const event of fit({ ...options(), recipe: last }))
        if (event.type === "step" && event.step === 3) {
          state = copyState(event.state);
          break;
        }
      const events = await eventsOf({ recipe: last, ...(state && { resume: state }) });
      expect(events.some(({ type }) => type === "probe")).toBe(false);
      expect(doneOf(events).tensors).toEqual(whole.tensors);
    });

    it("chooses by cross-validation where nothing validates", async () => {
      const { val: _, ...without } = options();
      const events = await collect(fit({ ...without, recipe: { ...recipe, select: "last" } }));
      const probe = events.find(({ type }) => type === "probe");
      expect(probe).not.toHaveProperty("valTop1");
      expect(doneOf(events).epoch).toBe(3);
    });
  });
});
