/** Opens the model and, where one is given, its adapter. */

import { join } from "node:path";
import type { Adapter } from "../adapter/adapter.ts";
import { adapterFolder, readAdapter } from "../adapter/adapter-file.ts";
import { type OpenBaseOptions, openBase } from "../adapter/open-base.ts";
import { InputError } from "../errors.ts";
import { exists } from "../files/exists.ts";
import type { Method } from "../methods/method.ts";
import { sayAssumedSteps } from "../model/assumed-steps.ts";
import type { Model } from "../model/model.ts";
import { defaultSteps } from "../preprocessing/step-list.ts";
import type { Step } from "../preprocessing/steps.ts";
import { checkHead } from "./classifier.ts";

/** What predicts: a model with its own head, or an adapter on the model that it was trained on. */
export interface Named {
  /** A run, or an adapter's folder. */
  readonly adapter?: string | undefined;
  /** A file, a folder or a hub id; where left out, the base that the adapter names. */
  readonly model?: string | Model | undefined;
}

export interface OpenModelOptions extends OpenBaseOptions {
  /** The method that an adapter was trained with, where it is one of your own. */
  readonly method?: Method | undefined;
}

export interface OpenedModel {
  readonly model: Model;
  readonly adapter: Adapter | undefined;
  readonly preprocessing: readonly Step[];
  /** One per row of the head. */
  readonly labels: readonly string[];
  /** What makes probabilities of logits: one class per image, or each label by itself. */
  readonly scores: "softmax" | "sigmoid";
  /** What was inferred or taken for granted and not said when an adapter was trained, for the user to see. */
  readonly notes: readonly string[];
}

/** Resolves a single name: an adapter or a run where it is one, else a model. */
export async function nameSource(source: string, model?: string | Model): Promise<Named> {
  const isAdapter =
    model !== undefined ||
    (await adapterFolder(source)) !== undefined ||
    (await exists(join(source, "run.json")));
  return isAdapter ? { adapter: source, model } : { model: source };
}

/** Reads the adapter, then the model that is named or that the adapter was trained on, and checks that they fit. */
export async function openModel(
  { adapter: path, model: source }: Named,
  options: OpenModelOptions = {},
): Promise<OpenedModel> {
  if (source === undefined && path === undefined)
    throw new InputError(
      (show) =>
        `Give ${show("model")}, ${show("adapter")} or both: the model that answers, and what it was adapted with.`,
    );
  const { method } = options;
  const own = method ? { methods: [method] } : {};
  const adapter = path === undefined ? undefined : await readAdapter(path, own);
  const { model, notes } = await openBase({ source, path, adapter }, options);
  if (!adapter) checkHead(model);
  return {
    model,
    adapter,
    preprocessing: adapter?.preprocessing ?? model.preprocessing ?? defaultSteps(model.config.imageSize),
    labels: adapter?.labels ?? labelsOf(model),
    scores: adapter ? "softmax" : scoresOf(model),
    notes: adapter ? notes : [...model.notes, ...sayAssumedSteps(model), ...sayScores(model)],
  };
}

/** As transformers' pipeline does it: a single row is a yes or no. */
const scoresOf = ({ problem, config }: Model): OpenedModel["scores"] =>
  problem === "multi-label" || config.classes === 1 ? "sigmoid" : "softmax";

const sayScores = (model: Model): readonly string[] =>
  scoresOf(model) === "softmax"
    ? []
    : [`${model.id} answers for each label by itself, so its probabilities do not add up to 1.`];

/** Names for every row of the head. */
const labelsOf = ({ labels, config }: Model): readonly string[] =>
  labels.length === config.classes
    ? labels
    : Array.from({ length: config.classes }, (_, index) => `LABEL_${index}`);
