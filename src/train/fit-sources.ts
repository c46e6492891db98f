/** What training is fed: images as they come, or features computed once, from which a probe may start. */

import { adaptedLayers } from "../methods/adapted-layers.ts";
import { constantsOf } from "../model/weight-constants.ts";
import { putStart } from "./blend.ts";
import type { Closers } from "./closers.ts";
import { stepFlops } from "./compile-plan.ts";
import type { Prepared } from "./epochs.ts";
import { estimateByFeatures } from "./estimate.ts";
import { type Examples, examplesInMemory } from "./examples.ts";
import { computeFeatures, divideRows, type FeatureSet } from "./features.ts";
import type { FitEvent, FitState } from "./fit-events.ts";
import type { FitPlan } from "./fit-plan.ts";
import { computeLower, findLowerPart } from "./lower-part.ts";
import { mixesImages } from "./mix.ts";
import { fitProbe } from "./probe.ts";
import { chooseBest } from "./select.ts";
import { startTensors } from "./start-state.ts";
import { balancedWeights } from "./targets.ts";

/** What the training graph is fed. */
export interface Sources {
  readonly input: "images" | "lower" | "features";
  readonly train: Examples;
  readonly val: Examples | undefined;
  /** Of both, where they were computed. */
  readonly features: Features | undefined;
  /** Of a step's matrix products, the share that is computed once: that of frozen lower blocks. */
  readonly keptShare?: number;
}

export interface Features {
  readonly train: FeatureSet;
  readonly val: FeatureSet | undefined;
}

/**
 * Features are computed once where the backbone stays as it is and sees the same pixels in every epoch, and then are all
 * that is trained on; and where a probe starts from them: those of the pre-trained model, of the adapted one that training
 * continues from, or of the start of a method that cannot start at the pre-trained model.
 */
export async function* openSources(plan: FitPlan, closers: Closers): AsyncGenerator<FitEvent, Sources, void> {
  const { options, chosen, recipe, backbone } = plan;
  const { train } = options;
  const val = options.val?.labels.length ? options.val : undefined;
  const isFrozen = chosen.adaptation.trainables(backbone).length === 0;
  const isPlain = recipe.dropout === 0 && recipe.dropPath === 0 && !mixesImages(recipe);
  const cached = isFrozen && train.deterministic && isPlain;
  const { resume, continueFrom } = options;
  const { step, cv } = resume?.position ?? { step: 0 };
  // In cross-validation each fold starts from a probe of its own.
  const isProbeDone = resume && !(cv && (step === 0 || cv.fold < recipe.folds));
  const isNeeded = !continueFrom || continueFrom.newClasses.length > 0;
  const probed = recipe.start === "probe" && !isProbeDone && isNeeded;
  const isFinished = resume?.position.finished ?? false;
  if (!cached && !probed)
    return yield* lowerOrImages(plan, { val, features: undefined, isFinished }, closers);
  const parts = val ? { train: train.plain ?? train, val } : { train: train.plain ?? train };
  const features = yield* featuresOf(plan, parts, { trains: !cached });
  if (!cached) return yield* lowerOrImages(plan, { val, features, isFinished }, closers);
  const [trained, validated] = [features.train, features.val];
  return {
    input: "features",
    train: examplesInMemory(trained.rows, trained.labels),
    val: validated && examplesInMemory(validated.rows, validated.labels),
    features,
  };
}

/** What lower blocks make of the images, where that is the same in every epoch and worth keeping, or the images themselves. */
async function* lowerOrImages(
  plan: FitPlan,
  { isFinished, ...rest }: Pick<Sources, "val" | "features"> & { readonly isFinished: boolean },
  closers: Closers,
): AsyncGenerator<FitEvent, Sources, void> {
  const lower = isFinished ? undefined : findLowerPart(plan);
  if (!lower) return { input: "images", train: plan.options.train, ...rest };
  const train = yield* computeLower(plan, lower, closers);
  if (!train) return { input: "images", train: plan.options.train, ...rest };
  return { input: "lower", train, ...rest, keptShare: lower.share };
}

/** Batches of features that are timed for an estimate, after the first, which is slow. */
const timedBatches = 2;

/** `trains` where more than a head on these features will train. */
async function* featuresOf(
  plan: FitPlan,
  { train, val }: { train: Examples; val?: Examples },
  { trains }: { readonly trains: boolean },
): AsyncGenerator<FitEvent, Features, void> {
  const { backbone, frozen, recipe, chosen, options } = plan;
  const { engine, continueFrom, signal } = options;
  const { adaptation } = chosen;
  const start = continueFrom?.tensors ?? (adaptation.startsAway && (await startTensors(plan)));
  // Those of an adapted model are its own.
  const cache = start ? undefined : options.features;
  const layers = start && adaptedLayers({ frozen, trained: constantsOf(start), adaptation });
  const parts = val ? [train, val] : [train];
  const width = backbone.featureWidth;
  const kept = await cache?.load(width * parts.reduce((sum, { labels }) => sum + labels.length, 0));
  const [known, knownVal] = kept ? divideRows(kept, { parts, width }) : [];
  if (known) return { train: known, val: knownVal };
  const times: { readonly done: number; readonly at: number }[] = [];
  for await (const event of computeFeatures(parts, { backbone, frozen, layers, engine, signal })) {
    if (event.type === "progress") {
      const { done, total, flopsPerImage } = event;
      yield { type: "progress", label: "computing features", done, total, unit: "images" };
      times.push({ done, at: performance.now() });
      const [first, last] = [times[0], times[timedBatches]];
      if (!first || !last || times.length > timedBatches + 1) continue;
      const perFeature = (last.at - first.at) / 1000 / (last.done - first.done);
      const pace = {
        perFeature,
        left: total - done,
        stepShare: trains ? stepFlops(plan) / flopsPerImage : 0,
      };
      yield { type: "estimate", ...estimateByFeatures(featureWork(recipe, { train, val }), pace) };
    } else {
      const [trained, validated] = event.sets;
      await cache?.save(event.sets.map(({ rows }) => rows));
      if (trained) return { train: trained, val: validated };
    }
  }
  throw new Error("internal: computing features ended without any.");
}

/** Each fold trains on the other folds; a probe is validated as an epoch is. */
function featureWork(
  { epochs, folds }: FitPlan["recipe"],
  { train, val }: { train: Examples; val?: Examples | undefined },
) {
  const images = train.labels.length;
  const trained = epochs * images * (folds > 0 ? folds : 1);
  const validated = (epochs + 1) * (folds > 0 ? images : (val?.labels.length ?? 0));
  return { epochs, folds, images, trained, validated };
}

/**
 * Puts the probe's head into the state, unless it has the model's own; the state then stands at an epoch of its own: the best
 * one so far. The whole model is validated with that head, since a method that changes the model before its first step has
 * other features.
 */
export async function* startFromHead(
  plan: FitPlan,
  { prepared, features }: { prepared: Prepared; features: Features | undefined },
): AsyncGenerator<FitEvent, FitState, void> {
  const began = performance.now();
  const { state, validation } = prepared;
  const penalty =
    plan.recipe.start === "probe" && features ? await putProbe(plan, { state, features }) : undefined;
  const found = validation && (yield* validation.scores(state.parameters, -1));
  const scores = found && { epoch: -1, top1: found.top1, loss: found.loss };
  const best = scores && chooseBest(undefined, scores, { ...plan.recipe, ...validation });
  const started: FitState = { ...state, position: { ...state.position, best } };
  yield {
    type: "probe",
    ...(best && { valLoss: best.loss, valTop1: best.top1 }),
    ...(penalty !== undefined && { penalty }),
    ...{ seconds: (performance.now() - began) / 1000, state: started },
    ...(found?.sample && { sample: found.sample }),
  };
  return started;
}

/** Fits a probe and puts its head into the state; returns the penalty that did best. */
export async function putProbe(
  { options: { classes, engine, signal }, recipe }: FitPlan,
  { state, features: { train, val } }: { state: FitState; features: Features },
): Promise<number> {
  const classWeights =
    recipe.classWeights === "balanced" ? balancedWeights(train.labels, classes) : undefined;
  const { head, penalty } = await fitProbe(train, val, { classes, engine, classWeights, signal });
  putStart(state.parameters, head);
  return penalty;
}
