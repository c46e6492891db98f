/** What evaluate and predict share: check images, compile, run, show how far it is, close everything. */

import { type BadImage, findBadImages, renderBadImages } from "../data/check-images.ts";
import type { Example } from "../data/dataset.ts";
import { openImageStore } from "../data/image-store.ts";
import { nativeEngine } from "../engine/native.ts";
import { FileError } from "../errors.ts";
import { openClassifier } from "../predict/classifier.ts";
import { runClassifier } from "../predict/run-classifier.ts";
import { interruption } from "./exit.ts";
import type { Opened } from "./open-model.ts";
import { chooseProgressMode, openProgress, type ProgressDrawer } from "./progress.ts";

export interface ClassifyOptions {
  readonly label: string;
  readonly json: boolean;
  readonly batchSize: number;
  readonly threads?: number | undefined;
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
  const engine = nativeEngine(options.threads ? { threads: options.threads } : {});
  const store = openImageStore();
  const progress = openProgress({ mode: chooseProgressMode(process.stderr, options) });
  try {
    const { preprocessing: steps, model, adapter } = opened;
    const common = { store, steps, signal: interruption };
    const bad = await findBadImages(asked, { ...common, onProgress: slowly(progress, "checking images") });
    if (bad.length > 0 && !options.skipBadImages)
      throw new FileError(
        `${renderBadImages(bad)}\nRemove or mend them, or leave them out with --skip-bad-images.`,
      );
    const paths = new Set(bad.map(({ path }) => path));
    const examples = asked.filter(({ path }) => !paths.has(path));
    if (examples.length === 0) return { examples, bad, logits: new Float32Array() };
    const batchSize = Math.min(options.batchSize, examples.length);
    const session = await openClassifier({ model, adapter, engine, batchSize });
    const onProgress = slowly(progress, options.label);
    return {
      examples,
      bad,
      logits: await runClassifier(examples, { ...common, session, batchSize, onProgress }),
    };
  } finally {
    progress.close();
    await store.close();
    await engine.close();
  }
}

/** Draws only what takes longer than two seconds. */
function slowly(progress: ProgressDrawer, label: string): (done: number, total: number) => void {
  const began = performance.now();
  return (done, total) => {
    if (performance.now() - began > 2000) progress.update({ label, done, total, unit: "images" });
  };
}
