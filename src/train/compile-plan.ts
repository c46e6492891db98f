/** Compiles the graphs of a plan: the training step, and the validator. */

import { matrixFlops } from "../graph/flops.ts";
import type { Closers } from "./closers.ts";
import type { FitPlan } from "./fit-plan.ts";
import type { Sources } from "./fit-sources.ts";
import { microBatchFor } from "./micro-batch.ts";
import { mixesImages } from "./mix.ts";
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
  const shared = { backbone, frozen, trainables, adaptation, input: sources.input, classes, engine };
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
  const microBatchSize = settleMicroBatch(plan, input);
  const { graph, random } = buildGraph(plan, { input, batchSize: microBatchSize });
  const session = closers.add(await engine.compile(graph));
  const { labelSmoothing, clipNorm, weightDecay, emaDecay, seed, mixup, cutmix } = recipe;
  const context = {
    ...{ session, random, trainables, classes, microBatchSize, input },
    ...{ labelSmoothing, clipNorm, weightDecay, emaDecay, seed },
    ...(mixesImages(recipe) && { mixing: { mixup, cutmix, imageSize: plan.backbone.imageSize } }),
    classWeights: recipe.classWeights === "balanced" ? balancedWeights(train.labels, classes) : undefined,
  };
  return { context, flopsPerImage: matrixFlops(graph) / microBatchSize };
}

/** The same of a step on images, before anything is compiled. */
export function stepFlops(plan: FitPlan): number {
  const batchSize = settleMicroBatch(plan, "images");
  return matrixFlops(buildGraph(plan, { input: "images", batchSize }).graph) / batchSize;
}

function buildGraph(
  { backbone, frozen, trainables, chosen, recipe, options: { classes } }: FitPlan,
  { input, batchSize }: { input: Sources["input"]; batchSize: number },
): TrainGraph {
  const parts = { backbone, trainables, classes, batchSize };
  if (input === "features") return headGraph(parts);
  const drop = {
    rate: recipe.dropout || recipe.dropPath,
    kind: recipe.dropPath > 0 ? "path" : "element",
  } as const;
  const consistency =
    recipe.consistency > 0 ? { weight: recipe.consistency, noise: recipe.consistencyNoise } : undefined;
  return trainGraph({ ...parts, frozen, adaptation: chosen.adaptation, drop, consistency });
}

function settleMicroBatch({ recipe, backbone, options }: FitPlan, input: Sources["input"]): number {
  const { batchSize, microBatchSize, consistency } = recipe;
  if (microBatchSize > 0) return microBatchSize;
  if (input === "features") return batchSize;
  const { memoryBytes = Number.POSITIVE_INFINITY } = options;
  return microBatchFor(backbone, { batchSize, memoryBytes, passes: consistency > 0 ? 2 : 1 });
}
