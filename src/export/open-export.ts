/** Opens what an export needs: the model, the images to compare on, an engine and a store. */

import type { Split } from "../datasets/dataset.ts";
import type { Engine } from "../engine/engine.ts";
import { type EngineOptions, openEngine } from "../engine/open-engine.ts";
import type { OnnxModel } from "../formats/onnx-model.ts";
import { type ImageStore, openImageStore } from "../images/image-store.ts";
import type { Model } from "../model/model.ts";
import type { ModelProgress } from "../model/read-model.ts";
import { nameSource, type OpenedModel, type OpenModelOptions, openModel } from "../predict/open-model.ts";
import type { ProgressEvent } from "../train/fit-events.ts";
import { calibrate, type Ranges } from "./calibration.ts";
import type { ProveOptions } from "./proof.ts";
import { chooseProofImages } from "./proof-images.ts";

export interface CompareOptions extends OpenModelOptions, EngineOptions {
  /** The base of an adapter; where left out, the one that it names. */
  readonly model?: string | Model | undefined;
  /** Stays open; where left out, one is opened with `provider` and `threads`. */
  readonly engine?: Engine | undefined;
  /** Images to compare on; where left out, those that validated the adapter. */
  readonly data?: string | undefined;
  readonly split?: Split | undefined;
  /** Keep a file that gives another label for more than 0.3 % of the images. */
  readonly acceptLoss?: boolean | undefined;
  readonly onNote?: ((message: string) => void) | undefined;
  /** Called while images are compared. */
  readonly onCompare?: ((event: ProgressEvent) => void) | undefined;
  readonly onProgress?: ((event: ModelProgress) => void) | undefined;
}

export interface OpenedExport {
  readonly opened: OpenedModel;
  readonly engine: Engine;
  readonly store: ImageStore;
  readonly compare: Omit<ProveOptions, "label">;
  /** Runs a model on a few images, for the ranges that `int8-static` fixes. */
  readonly measure: (model: OnnxModel) => Promise<Ranges>;
  /** Which images these are, in words. */
  readonly measured: string;
  /** Told already. */
  readonly notes: readonly string[];
}

/** Lets `work` use it, and closes it; `check` refuses a model before anything slow begins. */
export async function withExport<T>(
  source: string,
  options: CompareOptions & { readonly check?: (opened: OpenedModel) => void },
  work: (parts: OpenedExport) => Promise<T>,
): Promise<T> {
  const opened = await openModel(await nameSource(source, options.model), options);
  options.check?.(opened);
  const { provider, threads, signal, onCompare: onProgress } = options;
  const engine = options.engine ?? (await openEngine({ provider, threads }));
  const store = openImageStore();
  try {
    const { adapter } = opened;
    const asked = { data: options.data, split: options.split };
    const images = await chooseProofImages({ source, adapter, ...asked, signal, onProgress });
    const notes = [...opened.notes, ...images.notes];
    for (const note of notes) options.onNote?.(note);
    const { calibration, ...compared } = images;
    const compare = { opened, engine, store, ...compared, signal, onProgress };
    const { examples } = calibration;
    const steps = opened.preprocessing;
    const measure = (model: OnnxModel) => calibrate(model, { examples, store, steps, threads, signal });
    const measured = `The ranges of int8-static were measured on ${examples.length} ${calibration.split} images.`;
    return await work({ opened, engine, store, compare, measure, measured, notes });
  } finally {
    await store.close();
    if (!options.engine) await engine.close();
  }
}
