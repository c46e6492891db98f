/** The quick part of starting a run: resolves options, locks the folder, reads the earlier state. */

import { checkAdapterFolder } from "../adapter/adapter-file.ts";
import { allTrainables } from "../adapter/head.ts";
import type { Dataset } from "../datasets/dataset.ts";
import type { Engine } from "../engine/engine.ts";
import { InputError } from "../errors.ts";
import type { Tensor } from "../formats/tensor.ts";
import type { ImageStore } from "../images/image-store.ts";
import type { Trainable } from "../methods/method.ts";
import type { ChosenMethod, MethodRequest } from "../methods/methods.ts";
import { backboneOf } from "../model/architectures.ts";
import { hashWeights } from "../model/hash.ts";
import type { Model } from "../model/model.ts";
import { rememberPlace } from "../model/model-places.ts";
import { evaluationSteps, outputSize } from "../preprocessing/step-list.ts";
import type { Step } from "../preprocessing/steps.ts";
import { checkConsistency } from "../train/check-consistency.ts";
import type { Recipe, RecipeInput } from "../train/recipe.ts";
import { settleTraining } from "../train/settle.ts";
import { type Checkpoint, readCheckpoint } from "./checkpoint.ts";
import { checkRepeated } from "./compare-runs.ts";
import type { Continued } from "./continued.ts";
import { type AskedConfig, describeRun, parseRunConfig, type RunConfig } from "./run-config.ts";
import { openRunFolder, type RunFolder } from "./run-folder.ts";

/** What a run is made of. */
export interface RunOptions {
  readonly model: Model;
  /** The adapter's reference to its base: a path or a hub id. */
  readonly baseId: string;
  /** With its validation split made, where one is wanted. */
  readonly dataset: Dataset;
  /** The run's folder; the adapter is written into its `adapter` folder. */
  readonly out: string;
  readonly method?: MethodRequest;
  readonly recipe?: RecipeInput;
  /** What it continues from, with a head for the classes of `dataset`. */
  readonly continued?: Pick<Continued, "record" | "from" | "start" | "images">;
  /** With the recipe's `start: "head"`: the head that training starts from. */
  readonly startHead?: ReadonlyMap<string, Tensor>;
  /** Training steps. */
  readonly preprocessing: readonly Step[];
  /** Of validation and of all use of the adapter; the deterministic counterparts of the training steps where left out. */
  readonly evaluation?: readonly Step[];
  /** For cross-validation: by path, images that must stay in one fold have the same number. */
  readonly groups?: ReadonlyMap<string, number>;
  readonly engine: Engine;
  /** Decoded images to share with other runs, whose owner closes it; a run without one opens its own. */
  readonly store?: ImageStore;
  /** A folder in which runs share features of the pre-trained model. */
  readonly features?: string;
  /** What the process may take at its peak, in bytes. */
  readonly memory?: number;
  /** Leave damaged images out instead of stopping. */
  readonly skipBadImages?: boolean;
  /** Keep the adapter of every epoch too. */
  readonly keepEpochs?: boolean;
  /** Write events for TensorBoard too. */
  readonly tensorboard?: boolean;
  /** Continue from the checkpoint in `out`; where there is no run yet, start one. */
  readonly resume?: boolean;
  /** What was asked for and the rest does not tell, to be recorded. */
  readonly asked?: AskedConfig;
  readonly signal?: AbortSignal;
}

export interface OpenedRun {
  readonly options: RunOptions;
  /** `performance.now()` when it began. */
  readonly began: number;
  readonly folder: RunFolder;
  readonly recipe: Recipe;
  /** What the default recipe chose and why. */
  readonly reasons: readonly string[];
  readonly chosen: ChosenMethod;
  /** Backbone's and head's. */
  readonly trainables: readonly Trainable[];
  readonly evaluation: readonly Step[];
  readonly config: RunConfig;
  /** The state that this run resumes from. */
  readonly earlier: RunConfig | undefined;
  readonly resumed: Checkpoint | undefined;
}

/** Invalid options fail here, before anything is written. Close the folder when done. */
export async function openRun(options: RunOptions): Promise<OpenedRun> {
  const began = performance.now();
  const { model, dataset, preprocessing, asked, signal, resume = false } = options;
  const { train, val } = dataset.splits;
  const continued = options.continued !== undefined;
  const data = { labels: train.map(({ label }) => label), valExamples: val.length, continued };
  const { chosen, recipe, reasons } = settleTraining({ ...options, data });
  const { evaluation = evaluationSteps(preprocessing) } = options;
  for (const steps of [preprocessing, evaluation]) checkSize(model, steps);
  const backbone = backboneOf(model.config);
  const { adaptation } = chosen;
  const trainables = allTrainables(adaptation, backbone, dataset.classes.length);
  checkConsistency(recipe, { adaptation, backbone, trainables });
  const folder = await openRunFolder(options.out);
  try {
    if (folder.earlier !== undefined && !resume)
      throw new InputError(
        (show) =>
          `${folder.path} already holds a run. Add ${show("resume", true)} to continue it, or give another folder as ${show("out")}.`,
      );
    const sha256 = await hashWeights(model, signal ? { signal } : {});
    await rememberPlace(sha256, model.source);
    const base = { id: options.baseId, sha256, config: model.config };
    const steps = { preprocessing, evaluation };
    const recorded = { asked, continuedFrom: options.continued?.record };
    const config = describeRun({
      model: base,
      dataset,
      method: chosen.choice,
      recipe,
      ...steps,
      ...recorded,
    });
    const earlier =
      folder.earlier === undefined ? undefined : parseRunConfig(folder.earlier, folder.paths.config);
    if (earlier) checkRepeated(earlier, config, { folder: folder.path, method: chosen.method });
    const resumed = earlier && (await readCheckpoint(folder.paths.checkpoint, trainables));
    await checkAdapterFolder(folder.paths.adapter);
    const settled = { recipe, reasons, chosen, trainables, evaluation };
    return { options, began, folder, ...settled, config, earlier, resumed };
  } catch (error) {
    await folder.close();
    throw error;
  }
}

function checkSize({ id, config }: Model, steps: readonly Step[]): void {
  const made = outputSize(steps);
  if (made.some((side, axis) => side !== config.imageSize[axis]))
    throw new InputError(
      `Preprocessing makes images of ${made.join(" x ")} pixels; ${id} takes ${config.imageSize.join(" x ")}.`,
    );
}
