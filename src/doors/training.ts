/** A training step in parts: recipe, schedule, targets, graph, loss, optimizer, randomness by name. */

/** Random numbers that are the same for the same seed and name. */
export { type RandomStream, randomStream } from "../random.ts";
/** The optimizer, and the factor that clips gradients. */
export {
  type AdamWOptions,
  adamwStep,
  clipFactor,
  type Moments,
  type OptimizerState,
} from "../train/adamw.ts";
/** The loss as a graph. */
export { crossEntropy, logSoftmax } from "../train/loss.ts";
/** Every option of training with its default and its limits. */
export { parseRecipe, type Recipe, type RecipeInput } from "../train/recipe.ts";
/** The learning rate of an epoch. */
export { learningRateAt, type Schedule } from "../train/schedule.ts";
/** Soft targets, with label smoothing and class weights. */
export { balancedWeights, type TargetOptions, targetsFor } from "../train/targets.ts";
/** Forward pass, loss and gradients as one graph. */
export {
  gradientName,
  type TrainGraph,
  type TrainGraphOptions,
  trainGraph,
} from "../train/train-graph.ts";
