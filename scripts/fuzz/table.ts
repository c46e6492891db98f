/** Every reader of bytes, texts and paths that nobody vouches for, and why other exports of such names need no case. */

import { configCases } from "./config-cases.ts";
import { dataCases } from "./data-cases.ts";
import type { FuzzCase } from "./fuzz-case.ts";
import { hierarchicalCases } from "./hierarchical-cases.ts";
import { imageCases } from "./image-cases.ts";
import { placeCases } from "./place-cases.ts";
import { studyCases } from "./study-cases.ts";
import { weightCases } from "./weight-cases.ts";
import { zeroShotCases } from "./zero-shot-cases.ts";

export const cases: readonly FuzzCase[] = [
  ...weightCases,
  ...configCases,
  ...hierarchicalCases,
  ...imageCases,
  ...dataCases,
  ...placeCases,
  ...studyCases,
  ...zeroShotCases,
];

const handsOn = "it hands what it is given on to readers that have cases";
const ownState = "what it opens is made by this program and comes from nowhere";
const message = "it makes a message of an error";

/** Exports that are called as readers are, and need no case. Whoever adds a row says why. */
export const needsNone: Readonly<Record<string, string>> = {
  "files/parse-bytes.ts parseBytes": "takes the words of one option, of at most a dozen digits",
  "graph/cut.ts findCut": "takes a graph of ours",
  "train/lower-part.ts findLowerPart": "takes a plan of ours",
  "adapter/open-base.ts openBase": handsOn,
  "adapter/find-base.ts findBase": handsOn,
  "adapter/hub-adapter.ts locateAdapter": handsOn,
  "model/find-by-hash.ts findByHash": handsOn,
  "model/find-by-hash.ts parseHashName": "takes the digits of one name, or nothing",
  "push/hub-repository.ts findRepository": "push makes an error of ours of whatever the hub answers",
  "push/list-files.ts listFiles": "takes names and sizes, and reads no file",
  "cli/engine-options.ts openChosenEngine": "commander has checked its flags",
  "predict/open-model.ts openModel": handsOn,
  "cli/progress.ts openProgress": ownState,
  "cli/show-loading.ts loadShown": handsOn,
  "predict/scorer.ts openScorer": "scores what the model answers; nothing of a file comes to it",
  "methods/load-method.ts loadMethodFile": "runs the code that its user names",
  "cli/report-training.ts openReporter": ownState,
  "cli/report-study.ts openStudyReporter": ownState,
  "study/study-data.ts openStudyData": handsOn,
  "study/study-folder.ts openStudyFolder": handsOn,
  "study/study-store.ts takeStored": handsOn,
  "study/workshop.ts openWorkshop": ownState,
  "datasets/check-images.ts findBadImages": handsOn,
  "cli/demo-images.ts openDemoImages": "unpacks a file of this package",
  "own-package.ts findPackage": "reads the package.json of this package",
  "datasets/near-duplicate-notes.ts findNearPaths": "compares sketches of decoded images",
  "datasets/near-duplicates.ts findNearDuplicates": "compares sketches of decoded images",
  "model/locate-model.ts locateNamed": handsOn,
  "model/read-model.ts loadNamedModel": handsOn,
  "predict/find-uses.ts findUses": "compares hashes of files, whatever these hold",
  "engine/open-engine.ts openEngine": ownState,
  "analyze/feature-reader.ts openFeatureReader": ownState,
  "analyze/open-adapters.ts openAdapters": handsOn,
  "analyze/base-spectra.ts openBaseSpectra": ownState,
  "runs/tensorboard-log.ts openTensorboardLog": ownState,
  "engine/onnx-file.ts openOnnxFile": ownState,
  "engine/gram.ts openGram": ownState,
  "spectra/kernel.ts openWorkspace": ownState,
  "export/model-candidate.ts openModelCandidate": ownState,
  "export/onnx-candidate.ts openOnnxCandidate": ownState,
  "export/proof.ts openComparison": ownState,
  "export/web-runtime.ts readWebRuntime": "copies the files of an installed package",
  "engine/thread-quota.ts readCpuLimits": "the kernel writes these files, and any text gives numbers",
  "files/file-problem.ts readFailure": message,
  "files/file-problem.ts readProblem": message,
  "runs/continued.ts openOriginBase": handsOn,
  "runs/continued.ts readOrigin": handsOn,
  "runs/open-base.ts openBase": handsOn,
  "runs/open-run.ts openRun": handsOn,
  "runs/training-data.ts openData": handsOn,
  "train/fit-sources.ts openSources": ownState,
  "train/validator.ts openValidator": ownState,
  "train/validation-sample.ts openSample": ownState,
  "calibration/measure.ts openCalibrationMeter": ownState,
  "predict/reliability.ts openReliability": ownState,
};
