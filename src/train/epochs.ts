/** The training loop: steps, epochs, validation, the best epoch. It knows neither the model nor any file. */

import { RlrrError } from "../errors.ts";
import { sizeOf, type Tensor } from "../formats/tensor.ts";
import type { Trainable } from "../methods/method.ts";
import type { Predictions } from "../predict/metrics.ts";
import { randomStream } from "../random.ts";
import type { OptimizerState } from "./adamw.ts";
import { keptParameter } from "./blend.ts";
import type { ExampleBatch, Examples } from "./examples.ts";
import type { EpochFacts, FitEvent, FitPosition, FitState, Scores } from "./fit-events.ts";
import { storeSample } from "./fold-sample.ts";
import { learningRateOf, type Recipe } from "./recipe.ts";
import { chooseBest } from "./select.ts";
import { optimizerStep, type StepContext } from "./step.ts";
import type { Validation } from "./validator.ts";

/** Everything that the loop needs. */
export interface Prepared {
  readonly context: StepContext;
  readonly recipe: Recipe;
  readonly train: Examples;
  readonly validation: EpochValidation | undefined;
  readonly state: FitState;
  /** The epoch to end before; all of the recipe's where left out. */
  readonly until?: number;
  /** Optimizer steps before this training and in all, where it is a part of more. */
  readonly steps?: { readonly before: number; readonly all: number };
  /** Whether to hold on to the tensors of the best epoch. */
  readonly keep: boolean;
  readonly signal: AbortSignal | undefined;
}

/** What the epochs are compared by. */
export interface EpochValidation {
  /** How many examples the scores are of. */
  readonly examples: number;
  /** The first epoch that may be kept. */
  readonly from?: number;
  /** The scores after an epoch, -1 being the probe before all epochs. */
  readonly scores: (parameters: OptimizerState, epoch: number) => AsyncGenerator<FitEvent, Validation, void>;
}

/** Training cannot continue: a number is NaN or infinite. The state of the last event is the last good one. */
export class DivergedError extends RlrrError {
  override readonly code = "DIVERGED";
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** Steps per epoch: the last one may have fewer images. */
export const stepsPerEpoch = (examples: number, { batchSize }: Pick<Recipe, "batchSize">): number =>
  Math.ceil(examples / batchSize);

/** Optimizer steps so far, those of finished folds among them. */
export const stepsDone = ({ cv, step }: FitPosition): number => (cv?.steps ?? 0) + step;

/** Steps of all epochs. */
export const stepsOf = (examples: number, recipe: Pick<Recipe, "batchSize" | "epochs">): number =>
  stepsPerEpoch(examples, recipe) * recipe.epochs;

/** Trains from where `state` stands to the end. Its parameters are changed in place; `position` between two events. */
export async function* runEpochs(prepared: Prepared): AsyncGenerator<FitEvent, void, void> {
  const { recipe, state, keep, context, until = recipe.epochs } = prepared;
  const at: Mutable<FitPosition> = { ...state.position };
  let ended = at.finished || at.epoch >= until;
  at.finished = ended && !isFold(at);
  const live: FitState = { position: at, parameters: state.parameters };
  const run = { ...prepared, at, live };
  // A probe is the first to be kept.
  let tensors =
    keep && at.best?.epoch === -1 ? copyTensors(context.trainables, { ...live, ...recipe }) : undefined;
  while (!ended) {
    const { exhausted, sample, ...facts } = yield* runEpoch(run);
    ended = exhausted || at.epoch >= until;
    at.finished = ended && !isFold(at);
    if (keep && (facts.best || recipe.select === "last"))
      tensors = copyTensors(context.trainables, { ...live, ...recipe });
    yield { type: "epoch", ...facts, state: live, ...(sample && { sample }) };
  }
  const { best } = at;
  const kept =
    recipe.select !== "last" && best ? { epoch: best.epoch, valTop1: best.top1 } : { epoch: at.epoch - 1 };
  const stoppedEarly = at.epoch < until;
  yield { type: "done", state: live, ...kept, stoppedEarly, ...(tensors && { tensors }) };
}

interface Running extends Prepared {
  readonly at: Mutable<FitPosition>;
  readonly live: FitState;
}

interface EpochEnd extends EpochFacts {
  /** Whether patience is. */
  readonly exhausted: boolean;
  readonly sample: Predictions | undefined;
}

/** The rest of the current epoch. */
async function* runEpoch(run: Running): AsyncGenerator<FitEvent, EpochEnd, void> {
  const { at, recipe, train, context, signal } = run;
  const began = performance.now();
  const order = randomStream(recipe.seed, "order", at.epoch).permutation(train.labels.length);
  const rest = order.slice(at.stepInEpoch * recipe.batchSize);
  const cut = { batchSize: context.microBatchSize, groupSize: recipe.batchSize };
  const batches = train.batches({ order: rest, epoch: at.epoch, ...cut });
  const waited = { ms: 0 };
  const steps = grouped(batches, Math.ceil(recipe.batchSize / context.microBatchSize));
  for await (const parts of timed(steps, waited)) {
    signal?.throwIfAborted();
    yield await runStep(run, parts);
  }
  const facts = yield* endEpoch(run);
  return { ...facts, waitSeconds: waited.ms / 1000, seconds: (performance.now() - began) / 1000 };
}

/** The same, while `waited` adds up how long its reader waited for each. */
async function* timed<T>(source: AsyncGenerator<T>, waited: { ms: number }): AsyncGenerator<T, void, void> {
  try {
    for (;;) {
      const began = performance.now();
      const { done, value } = await source.next();
      waited.ms += performance.now() - began;
      if (done) return;
      yield value;
    }
  } finally {
    await source.return(undefined);
  }
}

async function runStep(run: Running, parts: readonly ExampleBatch[]): Promise<FitEvent> {
  const { at, live, recipe, context, train } = run;
  const began = performance.now();
  const { before, all: steps } = run.steps ?? { before: 0, all: stepsOf(train.labels.length, recipe) };
  const step = at.step + 1;
  const learningRate = rateAt(run, at.stepInEpoch);
  const { loss, correct, gradientNorm, finite } = await optimizerStep(context, parts, {
    ...{ state: live.parameters, step, learningRate },
  });
  if (!finite) throw diverged(run, Number.isFinite(loss) ? "The gradient" : "The loss", step);
  const images = parts.reduce((total, { count }) => total + count, 0);
  at.step = step;
  at.stepInEpoch++;
  at.lossSum += loss * images;
  at.correct += correct;
  at.seen += images;
  const imagesPerSecond = (1000 * images) / (performance.now() - began);
  const place = { ...foldIn(at), epoch: at.epoch, step: before + step, steps };
  return { type: "step", ...place, loss, learningRate, gradientNorm, imagesPerSecond, state: live };
}

async function* endEpoch(
  run: Running,
): AsyncGenerator<FitEvent, Omit<EpochEnd, "seconds" | "waitSeconds">, void> {
  const { at, live, recipe, validation } = run;
  const val = validation && (yield* validation.scores(live.parameters, at.epoch));
  if (val && !Number.isFinite(val.loss)) throw diverged(run, "The loss on validation images", at.step);
  const broken = firstNotFinite(live.parameters);
  if (broken !== undefined) throw diverged(run, `A number of "${broken}"`, at.step);
  const scored = val && { epoch: at.epoch, top1: val.top1, loss: val.loss };
  const isCandidate = scored && at.epoch >= (validation?.from ?? 0);
  const best = isCandidate ? chooseBest(at.best, scored, { ...recipe, ...validation }) : at.best;
  const facts = {
    ...foldIn(at),
    ...{ epoch: at.epoch, step: (run.steps?.before ?? 0) + at.step },
    best: scored !== undefined && best?.epoch === at.epoch,
    learningRate: rateAt(run, Math.max(0, at.stepInEpoch - 1)),
    ...{ trainLoss: at.lossSum / at.seen, trainTop1: (100 * at.correct) / at.seen },
    ...(val ? { valLoss: val.loss, valTop1: val.top1 } : {}),
  };
  if (at.cv && val && isFold(at)) at.cv = { ...at.cv, current: [...at.cv.current, scoresOf(val)] };
  const exhausted = recipe.patience > 0 && best !== undefined && at.epoch - best.epoch >= recipe.patience;
  Object.assign(at, { epoch: at.epoch + 1, stepInEpoch: 0, lossSum: 0, correct: 0, seen: 0, best });
  return { ...facts, exhausted, sample: val?.sample };
}

/** What a checkpoint keeps of a fold's validation. */
export function scoresOf({ top1, loss, sample }: Validation): Scores {
  const stored = storeSample(sample);
  return { top1, loss, ...(stored && { sample: stored }) };
}

/** Whether a fold is trained; the run itself is not finished then. */
const isFold = ({ cv }: FitPosition): boolean => cv !== undefined && cv.fold < cv.probes.length;

/** The fold that is trained, in the words of an event. */
const foldIn = (position: FitPosition): { fold?: number } =>
  position.cv && isFold(position) ? { fold: position.cv.fold } : {};

/** The rate of a step of the current epoch. */
const rateAt = ({ at, recipe, train }: Running, stepInEpoch: number): number =>
  learningRateOf(recipe, {
    ...{ epoch: at.epoch, stepInEpoch },
    stepsPerEpoch: stepsPerEpoch(train.labels.length, recipe),
  });

const diverged = (run: Running, what: string, step: number): DivergedError =>
  new DivergedError(
    `${what} became NaN or infinite at step ${step} (epoch ${run.at.epoch + 1}, learning rate ${rateAt(run, run.at.stepInEpoch)}). Try a lower learning rate, or a clip norm of 1.`,
  );

/** The name of a parameter with a value that is NaN or infinite: nothing like it is ever written down as learned. */
export function firstNotFinite(parameters: OptimizerState): string | undefined {
  return [...parameters].find(([, { parameter }]) => !allFinite(parameter))?.[0];
}

/** 0 times any number is 0, times NaN or an infinity NaN. A plain loop, for the 86 million of a whole backbone. */
function allFinite(numbers: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < numbers.length; i++) sum += 0 * (numbers[i] as number);
  return sum === 0;
}

/** The tensors to keep as they are now, copied. */
export const copyTensors = (
  trainables: readonly Trainable[],
  { parameters, blend }: { readonly parameters: OptimizerState; readonly blend: number },
): ReadonlyMap<string, Tensor> =>
  new Map(
    trainables.map(({ name, shape }) => {
      const moments = parameters.get(name);
      const data = moments && keptParameter(moments, blend).slice();
      if (data?.length !== sizeOf(shape)) throw new Error(`internal: no parameter "${name}".`);
      return [name, { shape, data }];
    }),
  );

/** Groups of `size` batches; the last may be shorter. */
async function* grouped<T>(source: AsyncIterable<T>, size: number): AsyncGenerator<T[], void, void> {
  let group: T[] = [];
  for await (const item of source) {
    group.push(item);
    if (group.length < size) continue;
    yield group;
    group = [];
  }
  if (group.length > 0) yield group;
}
