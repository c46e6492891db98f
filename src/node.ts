/** All of `index.ts`, and what needs Node: files, folders, the hub, ONNX Runtime, training. */

export * from "./index.ts";

// ---------------------------------------------------------------- ONNX Runtime, in a thread of its own

export { type EngineOptions, openEngine } from "./engine/open-engine.ts";

// ---------------------------------------------------------------- models: a file, a folder or a hub id

export {
  readSafetensors,
  readTensor,
  type SafetensorsFile,
  writeSafetensors,
} from "./formats/safetensors.ts";
export { type ModelProgress, type ReadModelOptions, readModel } from "./model/read-model.ts";
/** In Hugging Face's classic layout. */
export { type WriteModelOptions, writeModel } from "./model/write-model.ts";

// ---------------------------------------------------------------- labelled images

export { type Batch, type BatchOptions, batches } from "./datasets/batches.ts";
export type { Dataset, Example, Split } from "./datasets/dataset.ts";
export { readDataset } from "./datasets/read-dataset.ts";
export { splitTrainValidation } from "./datasets/split-train-validation.ts";
export { decodeImage } from "./images/decode.ts";
/** Decodes and resizes on other threads, and keeps what it has read. */
export { type ImageStore, type ImageStoreOptions, openImageStore } from "./images/image-store.ts";

// ---------------------------------------------------------------- training: a stream of events

export type {
  DoneEvent,
  EpochEvent,
  NoteEvent,
  SavedEvent,
  StartEvent,
  StepEvent,
  StoppedEvent,
  TrainEvent,
} from "./runs/events.ts";
export { type TrainOptions, train } from "./runs/train.ts";

// ---------------------------------------------------------------- what training leaves, and its use

export { checkBase } from "./adapter/adapter.ts";
export { readAdapter, writeAdapter } from "./adapter/adapter-file.ts";
export { type ClassifierOptions, openClassifier } from "./predict/classifier.ts";
export {
  type AnsweredBatch,
  classifyBatches,
  type RunOptions as ClassifyOptions,
  runClassifier,
} from "./predict/run-classifier.ts";
