/** Training without validation examples: each fold is held out once and trained without, then all examples are trained on. */

import { runEpochs, scoresOf, stepsOf } from "./epochs.ts";
import type { ReadyToFit } from "./fit.ts";
import type { CrossValidationPosition, FitEvent, FitFoldEvent, FitState, Scores } from "./fit-events.ts";
import type { FitPlan } from "./fit-plan.ts";
import { type Features, putProbe } from "./fit-sources.ts";
import { joinSamples } from "./fold-sample.ts";
import { someExamples } from "./folds.ts";
import { someFeatures } from "./probe.ts";
import { type Best, chooseBest } from "./select.ts";
import { freshState, startPosition } from "./start-state.ts";
import { type Validation, validationOn } from "./validator.ts";

type Events<Result> = AsyncGenerator<FitEvent, Result, void>;

/** The folds, each from its own probe; then all examples, up to the epoch that did best over the folds. */
export async function* crossValidate(plan: FitPlan, ready: ReadyToFit): Events<void> {
  const { folds } = plan.recipe;
  const { resume } = plan.options;
  let cv = resume?.position.cv ?? (yield* probeFolds(plan, ready));
  // Before a first step the state may be that of another fold.
  let state = resume?.position.step ? resume : undefined;
  for (; cv.fold < folds; state = undefined) {
    const started = state ?? (await startFold(plan, { ready, cv }));
    cv = yield* trainFold(plan, { ready, state: started });
  }
  yield* trainAll(plan, { ready, cv, state });
}

/** Optimizer steps of all folds and of the training after them. */
export const stepsInAll = (plan: FitPlan): number =>
  Array.from({ length: plan.recipe.folds }, (_, fold) => stepsOfFold(plan, fold)).reduce(
    (sum, steps) => sum + steps,
    stepsOf(plan.options.train.labels.length, plan.recipe),
  );

const stepsOfFold = ({ foldOf, recipe }: FitPlan, fold: number): number =>
  stepsOf(foldOf.filter((at) => at !== fold).length, recipe);

/** The probe on each fold, so that a first answer with its accuracy is there in seconds: its head is of all examples. */
async function* probeFolds(plan: FitPlan, ready: ReadyToFit): Events<CrossValidationPosition> {
  const began = performance.now();
  const probes: Scores[] = [];
  for (let fold = 0; fold < plan.recipe.folds; fold++) {
    const none: CrossValidationPosition = { fold, steps: 0, probes: [], finished: [], current: [] };
    const { parameters } = await startFold(plan, { ready, cv: none });
    probes.push(scoresOf(yield* validationOfFold(plan, { ready, fold }).scores(parameters, -1)));
  }
  const cv: CrossValidationPosition = { fold: 0, steps: 0, probes, finished: [], current: [] };
  const { state, penalty } = await startAll(plan, { ready, cv });
  const { top1, loss, sample } = over(plan, probes);
  if (penalty !== undefined || plan.recipe.start === "head")
    yield {
      ...{ type: "probe", valTop1: top1, valLoss: loss },
      ...(penalty !== undefined && { penalty }),
      ...{ seconds: (performance.now() - began) / 1000, state },
      ...(sample && { sample }),
    };
  return cv;
}

/** The state before a fold's first step, its probe fitted to the other folds. */
async function startFold(
  plan: FitPlan,
  { ready: { features }, cv }: { ready: ReadyToFit; cv: CrossValidationPosition },
): Promise<FitState> {
  const fresh = await freshState(plan);
  const state: FitState = { ...fresh, position: { ...fresh.position, cv } };
  if (features && plan.recipe.start === "probe")
    await putProbe(plan, { state, features: featuresWithout(plan, { features, fold: cv.fold }) });
  return state;
}

const featuresWithout = (
  { foldOf }: FitPlan,
  { features, fold }: { features: Features; fold: number },
): Features => ({ train: someFeatures(features.train, (index) => foldOf[index] !== fold), val: undefined });

function validationOfFold(
  { foldOf, options: { signal } }: FitPlan,
  { ready: { train, validator }, fold }: { ready: ReadyToFit; fold: number },
) {
  if (!validator) throw new Error("internal: cross-validation without a validator.");
  const held = indicesWhere(foldOf, (at) => at === fold);
  return validationOn(someExamples(train.plain ?? train, held), { validator, signal });
}

const indicesWhere = (foldOf: readonly number[], keep: (fold: number) => boolean): readonly number[] =>
  foldOf.flatMap((at, index) => (keep(at) ? [index] : []));

/** Trains without one fold to the last epoch; returns the position at the start of the next. */
async function* trainFold(
  plan: FitPlan,
  { ready, state }: { ready: ReadyToFit; state: FitState },
): Events<CrossValidationPosition> {
  const began = performance.now();
  const { foldOf, recipe, options } = plan;
  const { fold = 0, steps = 0, probes = [], finished = [] } = state.position.cv ?? {};
  const validation = validationOfFold(plan, { ready, fold });
  const train = someExamples(
    ready.train,
    indicesWhere(foldOf, (at) => at !== fold),
  );
  const { context } = ready;
  const all = { before: steps, all: stepsInAll(plan) };
  const { signal } = options;
  // Every fold has a score of every epoch.
  const patient = { ...recipe, patience: 0 };
  let last: FitState = state;
  const shared = { context, recipe: patient, train, validation, keep: false, signal };
  for await (const event of runEpochs({ ...shared, state, steps: all }))
    if (event.type === "done") last = event.state;
    else yield event;
  const scores = last.position.cv?.current ?? [];
  const { top1, loss } = scores.at(-1) ?? probes[fold] ?? { top1: 0, loss: 0 };
  const next: CrossValidationPosition = {
    ...{ fold: fold + 1, steps: steps + last.position.step, probes, current: [] },
    finished: [...finished, scores],
  };
  const facts: Omit<FitFoldEvent, "state"> = {
    ...{ type: "fold", fold, folds: recipe.folds, examples: validation.examples },
    ...{ probeTop1: probes[fold]?.top1 ?? 0, top1, loss },
    seconds: (performance.now() - began) / 1000,
  };
  const { parameters } = last;
  yield { ...facts, state: { position: { ...startPosition, cv: next }, parameters } };
  return next;
}

/** Trains on all examples. What the folds scored chooses the epoch, and so where to end. */
async function* trainAll(
  plan: FitPlan,
  { ready, cv, state }: { ready: ReadyToFit; cv: CrossValidationPosition; state: FitState | undefined },
): Events<void> {
  const { recipe, options } = plan;
  const { keep = true, signal } = options;
  const { train, context } = ready;
  const started = state ?? (await startAll(plan, { ready, cv })).state;
  const scores = (epoch: number): Validation =>
    over(plan, epoch < 0 ? cv.probes : cv.finished.map((fold) => fold[epoch] ?? { top1: 0, loss: 0 }));
  const validation = {
    examples: train.labels.length,
    from: firstToKeep(plan),
    // biome-ignore lint/correctness/useYield: the scores are known
    scores: async function* (_: unknown, epoch: number): Events<Validation> {
      return scores(epoch);
    },
  };
  const until = epochToKeep(plan, scores) + 1;
  const steps = { before: cv.steps, all: stepsInAll(plan) };
  const shared = { context, recipe: { ...recipe, patience: 0 }, train, validation, keep, signal };
  yield* runEpochs({ ...shared, state: started, until, steps });
}

/** The state before the first step on all examples, its probe, if there is one, fitted to all and the best so far. */
async function startAll(
  plan: FitPlan,
  { ready: { features }, cv }: { ready: ReadyToFit; cv: CrossValidationPosition },
): Promise<{ readonly state: FitState; readonly penalty: number | undefined }> {
  const fresh = await freshState(plan);
  const probed = plan.recipe.start === "probe" && features;
  const penalty = probed ? await putProbe(plan, { state: fresh, features }) : undefined;
  const best =
    probed || plan.recipe.start === "head"
      ? bestOf(plan, undefined, { epoch: -1, ...withoutSample(over(plan, cv.probes)) })
      : undefined;
  return { state: { ...fresh, position: { ...fresh.position, best, cv } }, penalty };
}

/** Scores of folds as one of all examples. */
function over({ foldOf, options: { classes } }: FitPlan, scores: readonly Scores[]): Validation {
  const counts = scores.map((_, fold) => foldOf.filter((at) => at === fold).length);
  const mean = (value: (score: Scores) => number) =>
    scores.reduce((sum, score, fold) => sum + value(score) * (counts[fold] ?? 0), 0) / foldOf.length;
  const sample = joinSamples(
    scores.map(({ sample }) => sample),
    classes,
  );
  return { top1: mean(({ top1 }) => top1), loss: mean(({ loss }) => loss), ...(sample && { sample }) };
}

const withoutSample = ({ top1, loss }: Validation): Scores => ({ top1, loss });

const bestOf = (
  { recipe, foldOf }: FitPlan,
  best: Best | undefined,
  scored: Scores & { readonly epoch: number },
): Best => {
  const examples = foldOf.length;
  return chooseBest(best, scored, { select: recipe.select, examples });
};

/** An epoch amid the schedule is no end: it ran at a high rate. By `latest` it is the whole schedule or the probe. */
const firstToKeep = ({ recipe: { select, epochs } }: FitPlan): number =>
  select === "latest" ? epochs - 1 : 0;

function epochToKeep(plan: FitPlan, scores: (epoch: number) => Validation): number {
  const { start, epochs } = plan.recipe;
  let best =
    start !== "zero" ? bestOf(plan, undefined, { epoch: -1, ...withoutSample(scores(-1)) }) : undefined;
  for (let epoch = firstToKeep(plan); epoch < epochs; epoch++)
    best = bestOf(plan, best, { epoch, ...withoutSample(scores(epoch)) });
  return best?.epoch ?? -1;
}
