/** Compiles the graphs of a plan: the training step, and the validator. */

import { aboveCut, findCut } from "../graph/cut.ts";
import { matrixFlops } from "../graph/flops.ts";
import { input } from "../graph/value.ts";
import { needed } from "../needed.ts";
import type { Closers } from "./closers.ts";
import type { FitPlan } from "./fit-plan.ts";
import type { Sources } from "./fit-sources.ts";
import { mixesImages } from "./mix.ts";
import { inPrecision } from "./precision.ts";
import type { StepContext } from "./step.ts";
import { balancedWeights } from "./targets.ts";
import { headGraph, type TrainGraph, trainGraph } from "./train-graph.ts";
import { openValidator, type Validator } from "./validator.ts";

/** The graphs of training and of validation, ready to run. */
export interface Compiled {
  readonly context: StepContext;
  /** Of the matrix products of a training step. */
  readonly flopsPerImage: number;
  /** Absent where nothing is validated. */
  readonly validator: Validator | undefined;
}

export async function compilePlan(plan: FitPlan, sources: Sources, closers: Closers): Promise<Compiled> {
  const { context, flopsPerImage } = await compileStep(plan, sources, closers);
  const { backbone, frozen, chosen, trainables, recipe } = plan;
  const { classes, engine } = plan.options;
  const examples = recipe.folds > 0 ? sources.train.labels.length : (sources.val?.labels.length ?? 0);
  if (examples === 0) return { context, flopsPerImage, validator: undefined };
  const { adaptation } = chosen;
  const input = sources.input === "features" ? "features" : "images";
  const shared = { backbone, frozen, trainables, adaptation, input, classes, engine } as const;
  return {
    context,
    flopsPerImage,
    validator: closers.add(await openValidator({ ...shared, blend: recipe.blend, examples })),
  };
}

async function compileStep(
  plan: FitPlan,
  { input, train }: Sources,
  closers: Closers,
): Promise<Pick<Compiled, "context" | "flopsPerImage">> {
  const { recipe, trainables, options } = plan;
  const { classes, engine } = options;
  // What is computed once of images knows nothing of their partners.
  if (mixesImages(recipe) && input !== "images") throw new Error("internal: mixed images must be fed.");
  const { graph, random, microBatchSize } = buildStep(plan, input);
  const { labelSmoothing, clipNorm, weightDecay, emaDecay, seed, mixup, cutmix, precision } = recipe;
  const step = await inPrecision(graph, { precision, engine });
  const session = closers.add(await engine.compile(step));
  const context = {
    ...{ session, random, trainables, classes, microBatchSize, input },
    ...{ labelSmoothing, clipNorm, weightDecay, emaDecay, seed },
    ...(mixesImages(recipe) && { mixing: { mixup, cutmix, imageSize: plan.backbone.imageSize } }),
    classWeights: recipe.classWeights === "balanced" ? balancedWeights(train.labels, classes) : undefined,
  };
  return { context, flopsPerImage: matrixFlops(graph) / microBatchSize };
}

/** Refuses a precision that changes nothing, or that the engine computes wrongly, before anything slow begins. */
export async function checkPrecision(plan: FitPlan): Promise<void> {
  const { recipe, options } = plan;
  if (recipe.precision === "fp32") return;
  await inPrecision(buildStep(plan, "images").graph, { precision: recipe.precision, engine: options.engine });
}

/** The same of a step on images, before anything is compiled. */
export function stepFlops(plan: FitPlan): number {
  const { graph, microBatchSize } = buildStep(plan, "images");
  return matrixFlops(graph) / microBatchSize;
}

/** The training graph for what it is fed, and how many of that at once. */
export function buildStep(
  plan: FitPlan,
  input: Sources["input"],
): TrainGraph & { readonly microBatchSize: number } {
  const { backbone, frozen, trainables, chosen, recipe, memory } = plan;
  const { classes } = plan.options;
  // Nothing of a backbone's size is in memory for a head on features.
  const batchSize = input === "features" ? recipe.microBatchSize || recipe.batchSize : memory.microBatchSize;
  const parts = { backbone, trainables, classes, batchSize };
  if (input === "features") return { ...headGraph(parts), microBatchSize: batchSize };
  if (input === "lower") return upperStep(buildStep(plan, "images"));
  const drop = {
    rate: recipe.dropout || recipe.dropPath,
    kind: recipe.dropPath > 0 ? "path" : "element",
  } as const;
  const consistency =
    recipe.consistency > 0 ? { weight: recipe.consistency, noise: recipe.consistencyNoise } : undefined;
  const { adaptation } = chosen;
  const { recompute } = memory;
  const step = trainGraph({ ...parts, frozen, adaptation, drop, consistency, recompute });
  return { ...step, microBatchSize: batchSize };
}

/** The part of a step above its cut, which is fed as `lower`. */
function upperStep<Step extends TrainGraph>(step: Step): Step {
  const cut = needed(findCut(step.graph, "images"), "cut");
  return { ...step, graph: aboveCut(step.graph, cut, input("lower", cut.shape)) };
}
