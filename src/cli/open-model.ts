/** The model and, where one is given, the adapter that a command works with. */

import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Adapter } from "../adapter/adapter.ts";
import { readAdapter } from "../adapter/adapter-file.ts";
import { InputError } from "../errors.ts";
import type { Model } from "../model/model.ts";
import type { ReadModelOptions } from "../model/read-model.ts";
import { checkHead } from "../predict/classifier.ts";
import { defaultSteps } from "../preprocessing/default-steps.ts";
import type { Step } from "../preprocessing/steps.ts";
import { readShownModel, sayAssumedSteps } from "./read-shown-model.ts";

export interface Opened {
  readonly model: Model;
  readonly adapter: Adapter | undefined;
  readonly preprocessing: readonly Step[];
  readonly labels: readonly string[];
  /** What was inferred or taken for granted and not said when an adapter was trained, for the user to see. */
  readonly notes: readonly string[];
}

interface Named {
  readonly model?: string | undefined;
  readonly adapter?: string | undefined;
  /** Where the model does not tell; an adapter does. */
  readonly heads?: number | undefined;
  /** Whether output is for programs: no progress is drawn. */
  readonly json?: boolean | undefined;
}

/** Reads the adapter, then the model that is named or that the adapter was trained on. */
export async function openModel(
  { model: source, adapter: path, heads, json = false }: Named,
  options: ReadModelOptions = {},
): Promise<Opened> {
  if (source === undefined && path === undefined)
    throw new InputError(
      "Give --model, --adapter or both: the model that answers, and what it was adapted with.",
    );
  const adapter = path === undefined ? undefined : await readAdapter(path);
  const base = source ?? adapter?.base.id ?? "";
  const sendToken = source !== undefined;
  const asked = { ...options, ...(heads && { heads }), ...fromAdapter(adapter), json, sendToken };
  const model = await readShownModel(base, asked).catch((error: unknown) => {
    if (source !== undefined || !(error instanceof InputError)) throw error;
    throw new InputError(
      `${path}: its base ${base} cannot be opened here. Name the base with --model. ${error.message}`,
      { cause: error },
    );
  });
  if (!adapter) checkHead(model);
  const { imageSize } = model.config;
  return {
    model,
    adapter,
    preprocessing: adapter?.preprocessing ?? model.preprocessing ?? defaultSteps(imageSize),
    labels: adapter?.labels ?? labelsOf(model),
    notes: adapter ? [] : [...model.notes, ...sayAssumedSteps(model)],
  };
}

/** What a weight file does not say but the adapter remembers. */
const fromAdapter = (adapter: Adapter | undefined): ReadModelOptions =>
  adapter ? { imageSize: adapter.config.imageSize, heads: adapter.config.heads } : {};

/** Names for every row of the head. */
const labelsOf = ({ labels, config }: Model): readonly string[] =>
  labels.length === config.classes
    ? labels
    : Array.from({ length: config.classes }, (_, index) => `LABEL_${index}`);

/** How an adapter should name its base: a path that works from anywhere, or the hub id. */
export async function baseIdOf(source: string): Promise<string> {
  return (await stat(source).catch(() => undefined)) ? resolve(source) : source;
}
