/** Everything that runs in a browser and in Node, in the order in which it is best read. */

// ---------------------------------------------------------------- a graph of values, its gradients, its ONNX form

export type { Shape, StoredTensor, Tensor, Weight, Weights } from "./formats/tensor.ts";
export { matrixFlops } from "./graph/flops.ts";
export { grad } from "./graph/grad.ts";
export { type OnnxOptions, toOnnx } from "./graph/onnx.ts";
/** What builds graphs: `ops.matmul(a, b)`. */
export * as ops from "./graph/ops.ts";
export { printGraph } from "./graph/print.ts";
export {
  type ConstantValue,
  constant,
  filled,
  type Graph,
  type InputValue,
  input,
  inputsOf,
  type OpValue,
  scalar,
  type Value,
} from "./graph/value.ts";

// ---------------------------------------------------------------- what runs a graph

export type { Arrays, Engine, RunOptions, Session } from "./engine/engine.ts";
/** Plain TypeScript in float64: slow, and right. */
export { referenceEngine } from "./engine/reference.ts";

// ---------------------------------------------------------------- the Vision Transformer

/** Frozen weights as values of a graph; each value made once. */
export { constantsOf, once } from "./model/frozen.ts";
export type { Model, VitConfig } from "./model/model.ts";
export { backboneShapes, headShapes } from "./model/shapes.ts";
export { isVariant, type VariantName, variants } from "./model/variants.ts";
export { head, tokensOf, type VitOptions, type VitValues, vit, type WeightOf } from "./model/vit.ts";

// ---------------------------------------------------------------- what trains in it

export type { Adapter, AdapterBase } from "./adapter/adapter.ts";
export { adaptedWeights, mergeAdapter } from "./adapter/merge.ts";
export { type Adaptation, defineMethod, type Method, type Trainable } from "./methods/method.ts";
export { chooseMethod, type MethodChoice, methods } from "./methods/methods.ts";
/** The paper's equation 16. */
export { rescale } from "./methods/rlrr.ts";

// ---------------------------------------------------------------- preprocessing, a list of named steps

/** From and to preprocessor_config.json. */
export { parseHuggingFaceSteps, renderHuggingFaceSteps } from "./model/hugging-face-steps.ts";
export { composeSteps, type StepChoices } from "./preprocessing/compose-steps.ts";
export { defaultSteps } from "./preprocessing/default-steps.ts";
export { evaluationSteps } from "./preprocessing/evaluation-steps.ts";
export type { Image } from "./preprocessing/image.ts";
export { parseSteps } from "./preprocessing/parse-steps.ts";
export { applySteps } from "./preprocessing/preprocess.ts";
/** As Pillow does it, to the byte. */
export { resize } from "./preprocessing/resize.ts";
export type { Filter, Step } from "./preprocessing/steps.ts";

// ---------------------------------------------------------------- a training step, in parts

export {
  type AdamWOptions,
  adamwStep,
  clipFactor,
  type Moments,
  type OptimizerState,
} from "./train/adamw.ts";
export { crossEntropy, logSoftmax } from "./train/loss.ts";
export { learningRateAt, type Schedule } from "./train/schedule.ts";
export { balancedWeights, type TargetOptions, targetsFor } from "./train/targets.ts";
export {
  gradientName,
  headGraph,
  type TrainGraph,
  type TrainGraphOptions,
  trainGraph,
} from "./train/train-graph.ts";

// ---------------------------------------------------------------- predictions, and what they are worth

export { type Metrics, type Predictions, softmax, topK } from "./predict/metrics.ts";
export { type PredictGraphOptions, predictGraph } from "./predict/predict-graph.ts";
export { openScorer, type Scorer, scorePredictions } from "./predict/scorer.ts";
export { wilsonInterval } from "./predict/wilson.ts";
export { renderEvaluation } from "./reports/render-evaluation.ts";

// ---------------------------------------------------------------- errors by who must act; randomness by name

export { EngineError, FileError, GraphError, InputError, RlrrError } from "./errors.ts";
export { type RandomStream, randomStream } from "./random.ts";
