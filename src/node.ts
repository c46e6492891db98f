/** All of `index.ts`, and what needs Node: the verbs of the command, with files, folders, the hub and ONNX Runtime. */

export * from "./index.ts";

// ---------------------------------------------------------------- the verbs

/** Analyses what adapters changed in their base, weight by weight, and what they kept of it. */
export { type AnalyzeOptions, analyze } from "./analyze/analyze.ts";
/** Combines adapters of one base into one adapter. */
export { type CombinedAdapter, type CombineOptions, combine } from "./combine/combine.ts";
export type { Combination } from "./combine/combine-adapters.ts";
/** Corrects labels: a new table of a data set; its images stay as they are. */
export { type Relabelled, type RelabelOptions, relabel } from "./datasets/relabel.ts";
/** Writes a model or an adapter for another runtime, compared there with the original. */
export { type ExportedFile, type ExportedModel, exportModel, renderExported } from "./export/export-model.ts";
export type { ExportOptions } from "./export/export-options.ts";
/** Packs a model into one page that classifies images offline. */
export { type PackedModel, type PackOptions, packModel, renderPacked } from "./export/pack-model.ts";
/** Describes a model, an adapter, a run, a data set, a file or a size. */
export {
  type ImageRecord,
  type InspectedRecord,
  type Inspection,
  type InspectOptions,
  inspect,
} from "./inspect/inspect.ts";
export type { AdapterRecord, InspectedRun, RunRecord } from "./inspect/inspect-adapter.ts";
export type { DatasetRecord } from "./inspect/inspect-data.ts";
export type { ModelRecord, NamedRecord, SizeRecord } from "./inspect/inspect-model.ts";
export type { CheckpointRecord, TensorsRecord } from "./inspect/inspect-tensors.ts";
export type { TrainableCount, TrainableCounts, UnsuitedMethod } from "./inspect/trainable-counts.ts";
export type { EvaluateOptions, ModelEvaluation } from "./predict/evaluate.ts";
/** Loads an adapter, a run or a model; the result has `predict`, `evaluate` and `close`. */
export { type LoadOptions, load } from "./predict/load.ts";
export type {
  ImageSources,
  LabelProbability,
  LoadedModel,
  Prediction,
  PredictOptions,
} from "./predict/loaded-model.ts";
/** Merges an adapter into its base: one plain model, verified to give the same logits. */
export { type MergedModel, type MergeOptions, merge } from "./predict/merge.ts";
/** Pushes an adapter or a model to the Hugging Face hub. */
export { type PlannedFile, type Pushed, type PushOptions, type PushPlan, push } from "./push/push.ts";
export type { Analysis, AnalyzedAdapter, AnalyzedBase } from "./reports/analysis.ts";
/** An analysis as the records that `rlrr analyze --json` prints. */
export { analysisRecords } from "./reports/analysis-records.ts";
/** An analysis as text. */
export { renderAnalysis } from "./reports/render-analysis.ts";
export type {
  ContinuedEvent,
  DoneEvent,
  EpochEvent,
  EstimateEvent,
  FinishedBefore,
  FoldEvent,
  NoteEvent,
  ProbeEvent,
  SavedEvent,
  StartEvent,
  StepEvent,
  StoppedEvent,
  TrainEvent,
} from "./runs/events.ts";
/** What a recipe such as official-vtab says for a data set by its name. */
export { namedRecipe, type RecipePart, recipeNames, replaceIn } from "./runs/named-recipes.ts";
/** Trains a model on labelled images: a stream of events that ends with an adapter on disk. */
export { type TrainOptions, train } from "./runs/train.ts";
/** Writes manifests that run a study's trials through a queue. */
export { type EmitStudyOptions, type EmittedStudy, emitStudy } from "./study/emit-study.ts";
export type {
  CostRow,
  CostsEvent,
  StudyDoneEvent,
  StudyEvent,
  StudyProgressEvent,
  StudyStartEvent,
  TrialEvent,
} from "./study/events.ts";
/** Studies that come with the program. */
export { presetNames } from "./study/preset-names.ts";
/** Trains a grid of data sets, methods, recipes and seeds: a stream of events that ends with a table. */
export { study } from "./study/study.ts";
/** A study from a file, whose paths are relative to it. */
export { readStudyFile } from "./study/study-folder.ts";
export type { Difference, MeanRow } from "./study/study-means.ts";
export type { StudyOptions } from "./study/study-options.ts";
export type { StudyInput } from "./study/study-schema.ts";
export type { SeedScores, StudyRow } from "./study/tabulate.ts";
export { type WorkEvent, type WorkOptions, work } from "./study/work.ts";
/** Names of classes from a text file. */
export { readClassNames } from "./zero-shot/class-names.ts";
export type { TextProgress, ZeroShotOptions } from "./zero-shot/options.ts";
/** Makes a classifier of a CLIP or SigLIP without training, of prompts of its classes. */
export { type ZeroShotModel, zeroShot } from "./zero-shot/zero-shot.ts";

// ---------------------------------------------------------------- the parts that the verbs use

/** Refuses a base that an adapter was not trained on. */
export { checkBase } from "./adapter/adapter.ts";
/** An adapter as a folder. */
export { readAdapter, writeAdapter } from "./adapter/adapter-file.ts";
/** How well an adapter did when it was trained, as text. */
export { describeValidation, type ValidationRecord } from "./adapter/validation.ts";
/** How fast a training step is on this machine. */
export { type MeasureStepOptions, measureStep, type StepSpeed } from "./bench/measure-step.ts";
export type { BadImage } from "./datasets/check-images.ts";
/** A cell of CSV that no spreadsheet runs as a formula. */
export { csvCell } from "./datasets/csv-cell.ts";
export type { Dataset, Example, Split } from "./datasets/dataset.ts";
/** The images below a folder, in an order that is the same on every machine. */
export { findImages } from "./datasets/find-images.ts";
/** Labelled images: folders of classes or of splits, lists, CSV. */
export { readDataset } from "./datasets/read-dataset.ts";
/** A validation split from the training images. */
export { splitTrainValidation } from "./datasets/split-train-validation.ts";
/** ONNX Runtime in a worker thread. */
export { type EngineOptions, openEngine } from "./engine/open-engine.ts";
/** An image file, its bytes or a stream of them as pixels. */
export { decodeImage } from "./images/decode.ts";
export type { ImageSource, RawImage } from "./images/image-source.ts";
/** Decodes and resizes images in other processes, and caches them. */
export { type ImageStore, type ImageStoreOptions, openImageStore } from "./images/image-store.ts";
/** A method of your own, from the file that defines it. */
export { loadMethodFile, namesFile } from "./methods/load-method.ts";
/** A model from a file, a folder or the hub; its weights stay on disk. */
export { type ModelProgress, type ReadModelOptions, readModel } from "./model/read-model.ts";
/** A model in Hugging Face's format. */
export { type WriteModelOptions, writeModel } from "./model/write-model.ts";

// ---------------------------------------------------------------- files

/** Files: read with limits, written atomically. */
export * as files from "./doors/files.ts";
