import { describe, expect, it } from "vitest";
import { randomNumbers } from "../../test/random-numbers.ts";
import { tinyModel } from "../../test/tiny-model.ts";
import { growHead } from "../adapter/grow-head.ts";
import {
  examplesInMemory,
  type FitDoneEvent,
  type FitEvent,
  type FitOptions,
  type FitState,
  fit,
  InputError,
  referenceEngine,
} from "../index.ts";
import { methods } from "../methods/methods.ts";

const size = 3 * 8 * 8;

/** Noisy images, the brighter the higher their class. */
function brightness(count: number, { seed, classes }: { seed: number; classes: number }) {
  const labels = Array.from({ length: count }, (_, at) => at % classes);
  const numbers = randomNumbers(count * size, { seed, low: -0.2, high: 0.2 }).map(
    (noise, at) => noise - 0.5 + 0.5 * (Math.floor(at / size) % classes),
  );
  return examplesInMemory(Float32Array.from(numbers), labels);
}

const optionsFor = (classes: number): FitOptions => ({
  model: tinyModel(),
  classes,
  train: brightness(6 * classes, { seed: 1, classes }),
  val: brightness(3 * classes, { seed: 2, classes }),
  recipe: { name: "official", epochs: 3, batchSize: 6, learningRate: 2e-2, warmupEpochs: 0 },
  engine: referenceEngine(),
});

async function collect(options: FitOptions): Promise<FitEvent[]> {
  const events: FitEvent[] = [];
  for await (const event of fit(options)) events.push(event);
  return events;
}
const only = <Type extends FitEvent["type"]>(events: readonly FitEvent[], type: Type) =>
  events.filter((event): event is Extract<FitEvent, { type: Type }> => event.type === type);

const first = only(await collect(optionsFor(2)), "done")[0] as FitDoneEvent;
const tensors = first.tensors ?? new Map();
const grown = growHead({ labels: ["dark", "grey"], tensors }, ["dark", "grey", "bright"]);
/** So small a rate that every epoch validates the start. */
const still = { learningRate: 1e-30, minLearningRate: 0, weightDecay: 0, schedule: "constant" } as const;

describe("fit, continuing from trained tensors", () => {
  it("starts exactly where training ended", async () => {
    const options = optionsFor(2);
    const recipe = { ...options.recipe, ...still, epochs: 1 };
    const events = await collect({ ...options, recipe, continueFrom: { tensors, newClasses: [] } });
    const [start] = only(events, "continued");
    expect(start).toMatchObject({ valTop1: first.valTop1, newClasses: 0 });
    expect(start).not.toHaveProperty("penalty");
    const done = only(events, "done")[0];
    expect(done).toMatchObject({ epoch: -1, valTop1: first.valTop1 });
    expect(done?.tensors).toEqual(tensors);
  });

  it("fits the rows of new classes and leaves the others", async () => {
    const options = optionsFor(3);
    const recipe = { ...options.recipe, ...still, epochs: 1 };
    const zero = await collect({ ...options, recipe, continueFrom: grown });
    const probe = await collect({ ...options, recipe: { ...recipe, start: "probe" }, continueFrom: grown });
    const [from, to] = [zero, probe].map((events) => only(events, "continued")[0]);
    expect(from).not.toHaveProperty("penalty");
    expect(to?.penalty).toBeGreaterThan(0);
    expect(from?.valTop1).toBeLessThan(70);
    expect(to?.valTop1).toBeGreaterThan(80);
    const after = only(probe, "done")[0]?.tensors?.get("head.weight")?.data ?? new Float32Array();
    expect(after.slice(0, 32)).toEqual(grown.tensors.get("head.weight")?.data.slice(0, 32));
    expect(after.slice(32).some((one) => one !== 0)).toBe(true);
    // Nothing beside the head has changed.
    expect(only(probe, "done")[0]?.tensors?.get("blocks.0.q.left")).toEqual(tensors.get("blocks.0.q.left"));
  });

  it("keeps the start where no epoch is better", async () => {
    const options = optionsFor(3);
    const recipe = { ...options.recipe, learningRate: 3, schedule: "constant", start: "probe" } as const;
    const events = await collect({ ...options, recipe, continueFrom: grown });
    const [start] = only(events, "continued");
    expect(only(events, "done")[0]).toMatchObject({ epoch: -1, valTop1: start?.valTop1 });
  });

  it.each(methods.map(({ name }) => name))(
    "resumes to the same numbers: %s",
    async (name) => {
      const method = { name };
      const before = only(await collect({ ...optionsFor(2), method }), "done")[0]?.tensors ?? new Map();
      const continueFrom = growHead({ labels: ["a", "b"], tensors: before }, ["b", "a", "c"]);
      const options = { ...optionsFor(3), method, continueFrom };
      const recipe = { ...options.recipe, start: "probe", select: "last" } as const;
      const whole = only(await collect({ ...options, recipe }), "done")[0]?.tensors;
      let state: FitState | undefined;
      for await (const event of fit({ ...options, recipe }))
        if (event.type === "step" && event.step === 4) {
          state = structuredClone({ position: event.state.position, parameters: event.state.parameters });
          break;
        }
      const rest = await collect({ ...options, recipe, ...(state && { resume: state }) });
      expect(only(rest, "continued")).toEqual([]);
      expect(only(rest, "done")[0]?.tensors).toEqual(whole);
    },
    300_000,
  );

  it("refuses tensors of another shape", async () => {
    await expect(collect({ ...optionsFor(3), continueFrom: { tensors, newClasses: [] } })).rejects.toThrow(
      new InputError('continueFrom: tensor "head.weight" must have shape [3, 16], got [2, 16].'),
    );
    await expect(
      collect({ ...optionsFor(2), method: { name: "lora" }, continueFrom: { tensors, newClasses: [] } }),
    ).rejects.toThrow('continueFrom: tensor "blocks.0.q.lora_a" must have shape [8, 16], got none.');
  });
});
