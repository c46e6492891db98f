/** How to train: every option with its default and its limits. */

import { z } from "zod";
import { InputError, type ShowOption, type Wording } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import { limits } from "../limits.ts";
import { learningRateAt, learningRateAtStep, type Schedule } from "./schedule.ts";

const rate = z.number().gt(0);
const amount = z.number().min(0);
const share = z.number().min(0).lt(1);
const wholeFrom = (least: number, most: number) => z.int().min(least).max(most);
const aboveZero = "a number above 0";
const zeroOrMore = "0 or a number above it";
const belowOne = "a number from 0 to below 1";
const whole = (least: number, most: number): string => `a whole number from ${least} to ${most}`;

const maxEpochs = limits.MAX_EPOCHS.value;
const maxBatch = limits.MAX_BATCH.value;
const maxSeed = limits.MAX_SEED.value;
const maxFolds = limits.MAX_FOLDS.value;

/** Each description ends the sentence "The option must be …". The defaults are those of the recipe `official`. */
const recipeSchema = z.strictObject({
  /** What decides options that are not given: `default` follows the data, `official` is the published recipe. */
  name: z.enum(["default", "official"]).default("default").describe("default or official"),
  /** 0, with `start: "probe"`, is the linear probe alone. */
  epochs: wholeFrom(0, maxEpochs).default(100).describe(whole(0, maxEpochs)),
  /** Images per optimizer step. */
  batchSize: wholeFrom(1, maxBatch).default(32).describe(whole(1, maxBatch)),
  /** Images per run of the graph; a step adds up as many runs as it needs. 0 lets memory decide. */
  microBatchSize: wholeFrom(0, maxBatch).default(0).describe(whole(0, maxBatch)),
  learningRate: rate.default(1e-3).describe(aboveZero),
  minLearningRate: amount.default(1e-8).describe(zeroOrMore),
  warmupLearningRate: amount.default(1e-7).describe(zeroOrMore),
  /** Where left out: a tenth of the epochs. */
  warmupEpochs: wholeFrom(0, maxEpochs).optional().describe(whole(0, maxEpochs)),
  schedule: z
    .enum(["cosine", "linear", "constant", "cosine-restarts"])
    .default("cosine")
    .describe("cosine, linear, constant or cosine-restarts"),
  /** Epochs of the first cycle of `cosine-restarts`, and how many times longer each cycle is than the one before it. */
  restartEpochs: wholeFrom(1, maxEpochs).default(10).describe(whole(1, maxEpochs)),
  restartFactor: wholeFrom(1, maxEpochs).default(2).describe(whole(1, maxEpochs)),
  weightDecay: amount.default(1e-4).describe(zeroOrMore),
  /** Gradients are scaled down to this norm; 0 leaves them. */
  clipNorm: amount.default(0).describe(zeroOrMore),
  /** Drops single numbers of every residual branch, more in later blocks: the official code's "drop path". */
  dropout: share.default(0).describe(belowOne),
  /** Drops whole residual branches of single images: stochastic depth. */
  dropPath: share.default(0).describe(belowOne),
  /** Whether the head starts at zero, as published, as a linear probe on frozen features, or as the model's own; than the latter two the result is never worse. */
  start: z.enum(["zero", "probe", "head"]).default("zero").describe("zero, probe or head"),
  /** Whether the schedule moves from epoch to epoch, as timm's does in the official code, or from step to step. */
  scheduleUnit: z.enum(["epoch", "step"]).default("epoch").describe("epoch or step"),
  /** PACE: trains on two noisy passes per image and penalises how far their logits differ, times this; 0 is off. */
  consistency: amount.default(0).describe(zeroOrMore),
  /** Standard deviation of that noise in the first block; it falls linearly from block to block. */
  consistencyNoise: amount.default(0.5).describe(zeroOrMore),
  labelSmoothing: share.default(0).describe(belowOne),
  /** Blends pairs of images, and their targets, in shares of a beta distribution with this alpha; 0 is off. */
  mixup: amount.default(0).describe(zeroOrMore),
  /** Puts a box of one image into another, in such shares; with `mixup` too, each has half of the steps. 0 is off. */
  cutmix: amount.default(0).describe(zeroOrMore),
  /** What is validated and kept is an average of the weights over the steps, of which each keeps this share of the one before it; 0 is off. */
  emaDecay: share.default(0).describe(belowOne),
  /** The share of the way from the start to the trained weights at which weights are validated and kept; 1 is all of it. */
  blend: z.number().gt(0).max(1).default(1).describe("a number above 0 and at most 1"),
  /** `balanced` weighs a class by how rare it is. */
  classWeights: z.enum(["none", "balanced"]).default("none").describe("none or balanced"),
  /** What the large matrix products of a step are computed in; all else, and evaluation, is fp32. */
  precision: z.enum(["fp32", "int8"]).default("fp32").describe("fp32 or int8"),
  seed: wholeFrom(0, maxSeed).default(42).describe(whole(0, maxSeed)),
  /** Keep the latest epoch that validation cannot tell from the best (see `keeps`), the best one, or the last. */
  select: z.enum(["latest", "val", "last"]).default("val").describe("latest, val or last"),
  /** Without validation images: cross-validate over this many folds, then train on all images; 0 holds images out instead. */
  folds: wholeFrom(0, maxFolds)
    .refine((folds) => folds !== 1)
    .default(0)
    .describe(`0, or a whole number from 2 to ${maxFolds}`),
  /** Stop after this many epochs without improvement; 0 never stops early. */
  patience: wholeFrom(0, maxEpochs).default(0).describe(whole(0, maxEpochs)),
  /** How often the state is saved in between; 0 saves it after every step. */
  checkpointSeconds: amount.default(30).describe(zeroOrMore),
});

export type Recipe = z.output<typeof recipeSchema> & { readonly warmupEpochs: number };
export type RecipeInput = z.input<typeof recipeSchema>;

/** Checks options and fills in `defaults`, and what these leave open as the recipe `official` has it. */
export function parseRecipe(options: RecipeInput, defaults: RecipeInput = {}): Recipe {
  const isNamed = typeof options === "object" && options !== null && !Array.isArray(options);
  const parsed = recipeSchema.safeParse(isNamed ? { ...defaults, ...given(options) } : options);
  if (!parsed.success) throw new InputError((show) => `${explain(parsed.error, { given: options, show })}.`);
  const recipe = parsed.data;
  const clash = findClash(recipe);
  if (clash !== undefined) throw new InputError(clash);
  return { ...recipe, warmupEpochs: recipe.warmupEpochs ?? Math.round(recipe.epochs / 10) };
}

/** An option that is there but undefined is not given. */
const given = (options: RecipeInput): RecipeInput =>
  Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));

/** The first thing that is wrong. */
function explain(
  { issues: [issue] }: z.ZodError,
  { given, show }: { readonly given: unknown; readonly show: ShowOption },
): string {
  if (issue?.code === "unrecognized_keys")
    return `There is no option ${showValue(issue.keys[0])}. Known: ${Object.keys(recipeSchema.shape).join(", ")}`;
  const option = String(issue?.path[0] ?? "");
  const schema = (recipeSchema.shape as Readonly<Record<string, z.ZodType>>)[option];
  if (!schema) return `Options of training must be given by name, got ${showValue(given)}`;
  const value = (given as Readonly<Record<string, unknown>>)[option];
  const expected = z.globalRegistry.get(schema)?.description ?? "another value";
  return `${show(option === "name" ? "recipe" : option)} must be ${expected}, got ${typeof value === "number" ? value : showValue(value)}`;
}

/** Combinations of valid options that make no sense together. */
function findClash(recipe: z.output<typeof recipeSchema>): Wording | undefined {
  const { epochs, start, dropout, dropPath, patience, select, folds, batchSize, microBatchSize } = recipe;
  if (epochs === 0 && start !== "probe")
    return (show) =>
      `${show("epochs")} 0 trains nothing; give ${show("start")} probe for a linear probe alone, or more epochs.`;
  if (dropout > 0 && dropPath > 0)
    return (show) =>
      `${show("dropout")} and ${show("dropPath")} drop the same branches in two ways; give one of them.`;
  for (const [option, value] of Object.entries({ patience, folds }))
    if (value > 0 && select === "last")
      return (show) =>
        `${show(option)} compares epochs on validation images; ${show("select")} must be latest or val, got last.`;
  const idle = idleOption(recipe);
  if (idle) return idle;
  if (microBatchSize > batchSize)
    return (show) =>
      `${show("microBatchSize")} must be at most ${show("batchSize")} ${batchSize}, got ${microBatchSize}.`;
  return undefined;
}

/** An option that was changed and has no effect, as the one that it belongs to is off. */
function idleOption(recipe: z.output<typeof recipeSchema>): Wording | undefined {
  const { schedule, consistency } = recipe;
  const defaults = recipeSchema.parse({});
  const changed = (option: "restartEpochs" | "restartFactor" | "consistencyNoise") =>
    recipe[option] !== defaults[option];
  for (const option of ["restartEpochs", "restartFactor"] as const)
    if (changed(option) && schedule !== "cosine-restarts")
      return (show) =>
        `${show(option)} is of ${show("schedule")} cosine-restarts, and has no effect on ${schedule}; give that schedule, or leave it out.`;
  if (changed("consistencyNoise") && consistency === 0)
    return (show) =>
      `${show("consistencyNoise")} is the noise of ${show("consistency")}, which is off; give that too, or leave it out.`;
  return undefined;
}

/** The learning rate of a step of an epoch, both from 0. */
export function learningRateOf(
  recipe: Recipe,
  { epoch, stepInEpoch, stepsPerEpoch }: { epoch: number; stepInEpoch: number; stepsPerEpoch: number },
): number {
  const schedule = scheduleOf(recipe);
  if (recipe.scheduleUnit === "epoch") return learningRateAt(schedule, epoch);
  return learningRateAtStep(schedule, { step: epoch * stepsPerEpoch + stepInEpoch, stepsPerEpoch });
}

/** The recipe's schedule. */
export const scheduleOf = ({ schedule, ...rest }: Recipe): Schedule => ({ kind: schedule, ...rest });
