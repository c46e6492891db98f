/** Opens the model and, where one is given, its adapter. */

import { join } from "node:path";
import type { Adapter } from "../adapter/adapter.ts";
import { adapterFolder, type ReadAdapterOptions, readAdapter } from "../adapter/adapter-file.ts";
import { checkTogether, type NamedAdapter } from "../adapter/check-together.ts";
import { type LocatedAdapter, locateAdapter } from "../adapter/hub-adapter.ts";
import { type OpenBaseOptions, openBase } from "../adapter/open-base.ts";
import { InputError } from "../errors.ts";
import { exists } from "../files/exists.ts";
import { limits } from "../limits.ts";
import type { Method } from "../methods/method.ts";
import { sayAssumedSteps } from "../model/assumed-steps.ts";
import type { Model } from "../model/model.ts";
import { defaultSteps } from "../preprocessing/step-list.ts";
import type { Step } from "../preprocessing/steps.ts";
import { checkHead } from "./classifier.ts";

/** What predicts: a model with its own head, or an adapter on the model that it was trained on. */
export interface Named {
  /** A run, an adapter's folder or a hub id; of several, the probabilities are averaged. */
  readonly adapter?: string | readonly string[] | undefined;
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
  /** All that answer together, the first among them: an ensemble. Absent where one answers. */
  readonly members?: readonly Adapter[] | undefined;
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
  { adapter: paths, model: source }: Named,
  options: OpenModelOptions = {},
): Promise<OpenedModel> {
  const names = typeof paths === "string" ? [paths] : (paths ?? []);
  if (source === undefined && names.length === 0)
    throw new InputError(
      (show) =>
        `Give ${show("model")}, ${show("adapter")} or both: the model that answers, and what it was adapted with.`,
    );
  const located = await locateAdapters(names, options);
  const [path, ...more] = located.map((one) => one.path);
  const { method } = options;
  const own = method ? { methods: [method] } : {};
  const adapter = path === undefined ? undefined : await readAdapter(path, own);
  const { model, notes } = await openBase({ source, path, adapter }, options);
  if (!adapter) checkHead(model);
  const members = adapter && path !== undefined && (await openMembers({ path, adapter }, more, own));
  return {
    model,
    ...(members ? { adapter: summaryOf(members), members } : { adapter }),
    preprocessing: adapter?.preprocessing ?? model.preprocessing ?? defaultSteps(model.config.imageSize),
    labels: adapter?.labels ?? labelsOf(model),
    scores: adapter ? "softmax" : scoresOf(model),
    notes: adapter
      ? [...located.flatMap((one) => one.notes), ...notes]
      : [...model.notes, ...sayAssumedSteps(model), ...sayScores(model)],
  };
}

async function locateAdapters(
  names: readonly string[],
  { signal, onProgress }: OpenModelOptions,
): Promise<readonly LocatedAdapter[]> {
  if (names.length > mostAdapters)
    throw new InputError(`${names.length} adapters were named; at most ${mostAdapters} answer together.`);
  const located: LocatedAdapter[] = [];
  for (const name of names)
    located.push(
      await locateAdapter(name, {
        ...(signal && { signal }),
        onProgress: (file, done, total) => onProgress?.({ type: "download", file, done, total }),
      }),
    );
  return located;
}

/** As transformers' pipeline does it: a single row is a yes or no. */
const scoresOf = ({ problem, config }: Model): OpenedModel["scores"] =>
  problem === "multi-label" || config.classes === 1 ? "sigmoid" : "softmax";

const sayScores = (model: Model): readonly string[] =>
  scoresOf(model) === "softmax"
    ? []
    : [`${model.id} answers for each label by itself, so its probabilities do not add up to 1.`];

/** Nothing where one adapter answers alone. */
async function openMembers(
  first: NamedAdapter,
  more: readonly string[],
  own: ReadAdapterOptions,
): Promise<readonly Adapter[] | undefined> {
  if (more.length === 0) return undefined;
  const named = [first];
  for (const path of more) named.push({ path, adapter: await readAdapter(path, own) });
  return checkTogether(named);
}

const { value: mostAdapters } = limits.MAX_ADAPTERS_AT_ONCE;

/** The first one, without what holds of its own probabilities alone. */
function summaryOf([first]: readonly Adapter[]): Adapter | undefined {
  if (!first) return undefined;
  const { calibration: _, unknown: __, ...summary } = first;
  return summary;
}

/** Names for every row of the head. */
const labelsOf = ({ labels, config }: Model): readonly string[] =>
  labels.length === config.classes
    ? labels
    : Array.from({ length: config.classes }, (_, index) => `LABEL_${index}`);
