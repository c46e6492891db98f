/** What evaluate and predict share: check images, compile, run, show how far it is, close everything. */

import { type BadImage, findBadImages, renderBadImages } from "../datasets/check-images.ts";
import type { Example } from "../datasets/dataset.ts";
import { FileError } from "../errors.ts";
import { openImageStore } from "../images/image-store.ts";
import { backboneOf } from "../model/architectures.ts";
import type { VitConfig } from "../model/model.ts";
import { openClassifier } from "../predict/classifier.ts";
import { runClassifier } from "../predict/run-classifier.ts";
import { microBatchFor } from "../train/micro-batch.ts";
import { type EngineFlags, openChosenEngine } from "./engine-options.ts";
import { interruption } from "./exit.ts";
import type { Opened } from "./open-model.ts";
import { chooseProgressMode, openProgress } from "./progress.ts";
import { slowly } from "./slow-progress.ts";

export interface ClassifyOptions extends EngineFlags {
  readonly label: string;
  readonly json: boolean;
  /** By default as suits the model. */
  readonly batchSize?: number | undefined;
  /** Leave damaged images out instead of stopping. */
  readonly skipBadImages: boolean;
}

export interface Classified {
  /** Those whose image could be read, in the order given. */
  readonly examples: readonly Example[];
  /** [examples, classes] */
  readonly logits: Float32Array;
  readonly bad: readonly BadImage[];
}

export async function classify(
  opened: Opened,
  asked: readonly Example[],
  options: ClassifyOptions,
): Promise<Classified> {
  const engine = await openChosenEngine(options);
  const store = openImageStore();
  const progress = openProgress({ mode: chooseProgressMode(process.stderr, options) });
  try {
    const { preprocessing: steps, model, adapter } = opened;
    const { label, batchSize: wanted = suitableBatch(model.config) } = options;
    const batchSize = Math.max(1, Math.min(wanted, asked.length));
    // First what fails soonest: another base, no head, too little memory.
    const session = await openClassifier({ model, adapter, engine, batchSize, signal: interruption });
    const common = { store, signal: interruption };
    const onCheck = slowly(progress, { label: "checking images" });
    const bad = await findBadImages([{ examples: asked, steps }], { ...common, onProgress: onCheck });
    if (bad.length > 0 && !options.skipBadImages)
      throw new FileError(
        `${renderBadImages(bad)}\nRemove or mend them, or leave them out with --skip-bad-images.`,
      );
    const paths = new Set(bad.map(({ path }) => path));
    const examples = asked.filter(({ path }) => !paths.has(path));
    const onProgress = slowly(progress, { label });
    const logits = await runClassifier(examples, { ...common, steps, session, batchSize, onProgress });
    return { examples, bad, logits };
  } finally {
    progress.close();
    await store.close();
    await engine.close();
  }
}

/** As many images as a run answers in a few seconds, since only between runs can it be interrupted. */
const suitableBatch = (config: VitConfig): number =>
  microBatchFor(backboneOf(config), { batchSize: 16, memoryBytes: Number.POSITIVE_INFINITY });
