import { describe, expect, it } from "vitest";
import { InputError } from "../errors.ts";
import { parseRecipe, type RecipeInput, scheduleOf } from "./recipe.ts";

/** As the command names options. */
const flagOf = (option: string): string =>
  `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** What an error says on the command line. */
function worded(work: () => unknown): string | undefined {
  try {
    work();
  } catch (error) {
    return error instanceof InputError ? error.messageWith(flagOf) : undefined;
  }
  return undefined;
}

describe("parseRecipe", () => {
  it("fills in the defaults", () => {
    expect(parseRecipe({})).toEqual({
      name: "default",
      epochs: 100,
      batchSize: 32,
      microBatchSize: 0,
      learningRate: 1e-3,
      minLearningRate: 1e-8,
      warmupLearningRate: 1e-7,
      warmupEpochs: 10,
      schedule: "cosine",
      restartEpochs: 10,
      restartFactor: 2,
      weightDecay: 1e-4,
      clipNorm: 0,
      dropout: 0,
      dropPath: 0,
      start: "zero",
      scheduleUnit: "epoch",
      consistency: 0,
      consistencyNoise: 0.5,
      labelSmoothing: 0,
      mixup: 0,
      cutmix: 0,
      emaDecay: 0,
      blend: 1,
      classWeights: "none",
      precision: "fp32",
      seed: 42,
      select: "val",
      folds: 0,
      patience: 0,
      checkpointSeconds: 30,
    });
  });

  it.each([
    [20, 2],
    [12, 1],
    [4, 0],
    [5, 1],
  ])("warms up for a tenth of %d epochs: %d", (epochs, warmupEpochs) => {
    expect(parseRecipe({ epochs }).warmupEpochs).toBe(warmupEpochs);
    expect(parseRecipe({ epochs, warmupEpochs: 7 }).warmupEpochs).toBe(7);
  });

  it.each<[RecipeInput, string]>([
    [
      { epochs: 0 },
      "--epochs 0 trains nothing; give --start probe for a linear probe alone, or more epochs.",
    ],
    [{ name: "quick" as never }, '--recipe must be default or official, got "quick".'],
    [{ folds: 1 }, "--folds must be 0, or a whole number from 2 to 20, got 1."],
    [
      { folds: 3, select: "last" },
      "--folds compares epochs on validation images; --select must be latest or val, got last.",
    ],
    [{ epochs: 1.5 }, "--epochs must be a whole number from 0 to 100000, got 1.5."],
    [{ batchSize: -4 }, "--batch-size must be a whole number from 1 to 65536, got -4."],
    [{ microBatchSize: 1e9 }, "--micro-batch-size must be a whole number from 0 to 65536, got 1000000000."],
    [{ learningRate: 0 }, "--learning-rate must be a number above 0, got 0."],
    [{ learningRate: Number.POSITIVE_INFINITY }, "--learning-rate must be a number above 0, got Infinity."],
    [{ learningRate: Number.NaN }, "--learning-rate must be a number above 0, got NaN."],
    [{ learningRate: "fast" as never }, '--learning-rate must be a number above 0, got "fast".'],
    [{ minLearningRate: -1 }, "--min-learning-rate must be 0 or a number above it, got -1."],
    [{ warmupLearningRate: -1 }, "--warmup-learning-rate must be 0 or a number above it, got -1."],
    [{ warmupEpochs: -1 }, "--warmup-epochs must be a whole number from 0 to 100000, got -1."],
    [
      { schedule: "step" as never },
      '--schedule must be cosine, linear, constant or cosine-restarts, got "step".',
    ],
    [{ weightDecay: -0.1 }, "--weight-decay must be 0 or a number above it, got -0.1."],
    [{ clipNorm: -1 }, "--clip-norm must be 0 or a number above it, got -1."],
    [{ dropout: 1 }, "--dropout must be a number from 0 to below 1, got 1."],
    [{ dropPath: -0.1 }, "--drop-path must be a number from 0 to below 1, got -0.1."],
    [{ consistency: -1 }, "--consistency must be 0 or a number above it, got -1."],
    [{ consistencyNoise: -1 }, "--consistency-noise must be 0 or a number above it, got -1."],
    [{ labelSmoothing: 1 }, "--label-smoothing must be a number from 0 to below 1, got 1."],
    [{ classWeights: "rare" as never }, '--class-weights must be none or balanced, got "rare".'],
    [{ seed: -1 }, "--seed must be a whole number from 0 to 4294967295, got -1."],
    [{ seed: 2 ** 32 }, "--seed must be a whole number from 0 to 4294967295, got 4294967296."],
    [{ select: "test" as never }, '--select must be latest, val or last, got "test".'],
    [{ patience: -1 }, "--patience must be a whole number from 0 to 100000, got -1."],
    [{ checkpointSeconds: -1 }, "--checkpoint-seconds must be 0 or a number above it, got -1."],
    [
      { dropout: 0.1, dropPath: 0.1 },
      "--dropout and --drop-path drop the same branches in two ways; give one of them.",
    ],
    [
      { patience: 3, select: "last" },
      "--patience compares epochs on validation images; --select must be latest or val, got last.",
    ],
    [
      { restartEpochs: 5 },
      "--restart-epochs is of --schedule cosine-restarts, and has no effect on cosine; give that schedule, or leave it out.",
    ],
    [
      { schedule: "linear", restartFactor: 3 },
      "--restart-factor is of --schedule cosine-restarts, and has no effect on linear; give that schedule, or leave it out.",
    ],
    [
      { consistencyNoise: 0.2 },
      "--consistency-noise is the noise of --consistency, which is off; give that too, or leave it out.",
    ],
    [{ batchSize: 8, microBatchSize: 16 }, "--micro-batch-size must be at most --batch-size 8, got 16."],
    [
      { rate: 1 } as never,
      'There is no option "rate". Known: name, epochs, batchSize, microBatchSize, learningRate, minLearningRate, warmupLearningRate, warmupEpochs, schedule, restartEpochs, restartFactor, weightDecay, clipNorm, dropout, dropPath, start, scheduleUnit, consistency, consistencyNoise, labelSmoothing, mixup, cutmix, emaDecay, blend, classWeights, precision, seed, select, folds, patience, checkpointSeconds.',
    ],
    [[1] as never, "Options of training must be given by name, got [1]."],
    [null as never, "Options of training must be given by name, got null."],
  ])("refuses %j", (options, message) => {
    expect(worded(() => parseRecipe(options))).toBe(message);
  });

  it("names options as the caller does", () => {
    expect(() => parseRecipe({ batchSize: 0 })).toThrow(
      new InputError("batchSize must be a whole number from 1 to 65536, got 0."),
    );
  });

  it("takes any rate that is a number, since only training shows which is too high", () => {
    expect(parseRecipe({ learningRate: 1e30 }).learningRate).toBe(1e30);
  });
});

describe("scheduleOf", () => {
  it("takes the recipe's rates and epochs", () => {
    expect(scheduleOf(parseRecipe({ epochs: 20, schedule: "linear", learningRate: 3e-3 }))).toMatchObject({
      kind: "linear",
      epochs: 20,
      warmupEpochs: 2,
      learningRate: 3e-3,
      warmupLearningRate: 1e-7,
      minLearningRate: 1e-8,
    });
  });
});
