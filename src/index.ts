/** Everything that runs in a browser and in Node: training in memory, methods, and namespaces of their parts. */

// ---------------------------------------------------------------- training without files

/** Examples that lie in memory, such as prepared images. */
export { type BatchOrder, type ExampleBatch, type Examples, examplesInMemory } from "./train/examples.ts";
/** Trains a model on examples: a stream of events that ends with the trained tensors. */
export { type ContinueFrom, type FitOptions, fit } from "./train/fit.ts";
export type {
  FitContinuedEvent,
  FitDoneEvent,
  FitEpochEvent,
  FitEvent,
  FitFoldEvent,
  FitPosition,
  FitStartEvent,
  FitState,
  FitStepEvent,
  ProgressEvent,
} from "./train/fit-events.ts";
export type { Recipe, RecipeInput } from "./train/recipe.ts";

// ---------------------------------------------------------------- methods, and what they adapt

/** What a method's options are described with. */
export { z } from "zod";
export type { Adapter, AdapterBase } from "./adapter/adapter.ts";
/** Ties a method to the schema of its options, and makes the first values of what it trains. */
export {
  type Adaptation,
  defineMethod,
  type Method,
  startEach,
  startUniform,
  startZero,
  type Trainable,
} from "./methods/method.ts";
/** The methods, and one of them with its options applied. */
export {
  type ChosenMethod,
  chooseMethod,
  defaultMethod,
  type MethodChoice,
  type MethodRequest,
  methods,
} from "./methods/methods.ts";
export type { Model } from "./model/model.ts";
export type { VitConfig } from "./model/vit.ts";
export type { StepChoices } from "./preprocessing/compose-steps.ts";

// ---------------------------------------------------------------- what runs a graph

export type { Arrays, Engine, Session } from "./engine/engine.ts";
/** Plain TypeScript in float64: slow, a reference to compare with. */
export { referenceEngine } from "./engine/reference.ts";

// ---------------------------------------------------------------- evaluations

export type { Agreement } from "./predict/agreement.ts";
/** How often answers in int8 are those of fp32, as text and as fields of JSON. */
export { agreementFields, describeAgreement } from "./reports/describe-agreement.ts";
/** An evaluation as the records that `rlrr evaluate --json` prints. */
export { type Evaluation, type EvaluationRecord, evaluationRecords } from "./reports/evaluation.ts";
/** An evaluation as text. */
export { renderEvaluation } from "./reports/render-evaluation.ts";

// ---------------------------------------------------------------- errors by who must act

/** `messageWith` shows the options that a message names in the words of whoever set them. */
export {
  EngineError,
  FileError,
  GraphError,
  InputError,
  RlrrError,
  type ShowOption,
  type Wording,
} from "./errors.ts";

// ---------------------------------------------------------------- the parts of all this

/** Graphs of values: gradients, sizes, and their ONNX form. */
export * as graph from "./doors/graph.ts";
/** Metrics of predictions: accuracies, scores, confusions. */
export * as metrics from "./doors/metrics.ts";
/** Backbones: their sizes, sites and layers. */
export * as models from "./doors/models.ts";
/** Preprocessing as lists of named steps. */
export * as preprocessing from "./doors/preprocessing.ts";
/** A training step in parts. */
export * as training from "./doors/training.ts";
/** What builds graphs: `ops.matmul(a, b)`. */
export * as ops from "./graph/ops.ts";
