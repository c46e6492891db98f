/** A run's configuration, run.json: a resumed run must repeat it, or its results would differ. */

import { createHash } from "node:crypto";
import { relative, sep } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Dataset, Example } from "../datasets/dataset.ts";
import { FileError, InputError, type Wording } from "../errors.ts";
import { type EachFileOptions, eachFile, hashFile } from "../files/each-file.ts";
import { readProblem } from "../files/file-problem.ts";
import { showValue } from "../files/show-value.ts";
import type { Method } from "../methods/method.ts";
import type { MethodChoice } from "../methods/methods.ts";
import type { ModelConfig } from "../model/architectures.ts";
import { evaluationSteps } from "../preprocessing/step-list.ts";
import type { Step } from "../preprocessing/steps.ts";
import type { Recipe } from "../train/recipe.ts";
import { recipeDefaults } from "./recipe-defaults.ts";

const askedSchema = z.object({
  /** The absolute path of the data; absent where a program gave a data set that it had read. */
  data: z.string().optional(),
  validationFraction: z.number().optional(),
  skipBadImages: z.boolean().optional(),
  dropClasses: z.boolean().optional(),
  /** How images are prepared, where the model's own way was not wanted. */
  images: z.record(z.string(), z.unknown()).optional(),
  provider: z.string().optional(),
  threads: z.int().min(1).optional(),
  tensorboard: z.boolean().optional(),
  keepEpochs: z.boolean().optional(),
});

const runConfigSchema = z.object({
  version: z.literal(1),
  /** Paths of base and data may change, their contents may not. Heads and epsilon are not part of any weight. */
  model: z.object({ id: z.string(), sha256: z.string(), config: z.record(z.string(), z.unknown()) }),
  data: z.object({ root: z.string(), classes: z.array(z.string()), files: z.string() }),
  /** The adapter that the run continues from, and a hash of what it had learned. */
  continuedFrom: z.object({ path: z.string(), sha256: z.string() }).optional(),
  method: z.object({ name: z.string(), options: z.record(z.string(), z.unknown()) }),
  recipe: z.record(z.string(), z.unknown()),
  preprocessing: z.array(z.unknown()),
  /** Where it is not what follows from the training steps. */
  evaluation: z.array(z.unknown()).optional(),
  /** Fixed when the run began: another machine's memory, or a repaired or changed image, must not change it. */
  settled: z
    .object({ microBatchSize: z.int().min(1), recompute: z.boolean().optional(), files: z.string() })
    .optional(),
  /** What was asked for and the rest does not tell; runs of older versions lack it. */
  asked: askedSchema.optional(),
});
export type RunConfig = z.output<typeof runConfigSchema>;
export type AskedConfig = z.output<typeof askedSchema>;

/** What is known before any image is read. */
export function describeRun({
  model,
  dataset,
  method,
  recipe: { checkpointSeconds: _, ...recipe },
  preprocessing,
  evaluation,
  continuedFrom,
  asked,
}: {
  readonly model: { readonly id: string; readonly sha256: string; readonly config: ModelConfig };
  readonly dataset: Dataset;
  readonly method: MethodChoice;
  readonly recipe: Recipe;
  readonly preprocessing: readonly Step[];
  readonly evaluation: readonly Step[];
  readonly continuedFrom?: RunConfig["continuedFrom"];
  readonly asked?: AskedConfig | undefined;
}): RunConfig {
  const { root, classes, splits } = dataset;
  const { classes: _own, ...sizes } = model.config;
  const config = {
    version: 1,
    model: { ...model, config: sizes },
    data: { root, classes, files: hashFiles(root, splits) },
    continuedFrom,
    method,
    recipe,
    preprocessing,
    ...(!isDeepStrictEqual(evaluation, evaluationSteps(preprocessing)) && { evaluation }),
    asked,
  };
  // As it will be read back: without what JSON cannot hold.
  return JSON.parse(JSON.stringify(config)) as RunConfig;
}

interface Splits {
  readonly train: readonly Example[];
  readonly val: readonly Example[];
}

/** A hash of the training and validation images' relative paths, in order, and their labels. */
export function hashFiles(
  root: string,
  { train, val }: Splits,
  contentOf: (path: string) => string | undefined = () => undefined,
): string {
  const listed = [train, val].map((examples) =>
    examples.map(({ path, label }) => [relative(root, path).split(sep).join("/"), label, contentOf(path)]),
  );
  return createHash("sha256").update(JSON.stringify(listed)).digest("hex");
}

/** What a run's images hold. */
export interface Contents {
  /** `hashFiles` with the files' contents: a run resumed with other pixels would give other results. */
  readonly files: string;
  /** By path: the SHA-256 of the file's bytes, in base64. */
  readonly hashes: ReadonlyMap<string, string>;
}

/** Reads every training and validation image once. */
export async function hashContents(
  root: string,
  splits: Splits,
  options: EachFileOptions = {},
): Promise<Contents> {
  const paths = [...new Set([...splits.train, ...splits.val].map(({ path }) => path))];
  const found = await eachFile(
    paths,
    (path) =>
      hashFile(path).catch((cause: unknown) => {
        throw readProblem(cause, path);
      }),
    options,
  );
  const hashes = new Map(paths.map((path, at) => [path, found[at] as string]));
  return { files: hashFiles(root, splits, (path) => hashes.get(path)), hashes };
}

/** Checks what run.json at `where` holds. */
export function parseRunConfig(value: unknown, where: string): RunConfig {
  const parsed = runConfigSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]?.path.join(".") || "the file";
  throw new FileError(
    (show) =>
      `${where}: ${field} is not valid in this version of rlrr. Remove its folder, or give another one as ${show("out")}.`,
  );
}

/** What an earlier run was given. An option that was added to the program since was at its default then. */
const withDefaults = (given: Options, defaults: Options): Options => ({ ...defaults, ...given });
type Options = Readonly<Record<string, unknown>>;

/** Refuses to resume a run in `folder` that began with other options, and lists the differences; `method` is the one asked for now. */
export function checkRepeated(
  before: RunConfig,
  now: RunConfig,
  { folder, method }: { readonly folder: string; readonly method: Method },
): void {
  const methodOptions = method.options.safeParse({}).data ?? {};
  const chosen = [
    ...compare({ method: before.method.name }, { method: now.method.name }),
    ...(before.method.name === now.method.name
      ? compare(withDefaults(before.method.options, methodOptions), now.method.options)
      : []),
    ...compare(withDefaults(before.recipe, recipeDefaults(before.recipe)), now.recipe),
    ...compareAsked(before, now),
  ];
  const differences: Wording[] = [
    ...compareModels(before.model, now.model),
    ...compare({ continueFrom: before.continuedFrom?.sha256 }, { continueFrom: now.continuedFrom?.sha256 }),
    ...chosen,
    ...compareSteps(before, now),
    ...compare({ classes: before.data.classes }, { classes: now.data.classes }, asFact),
    // Another seed or share chooses other images, which is said already.
    ...(before.data.files === now.data.files || chosen.length > 0 ? [] : [() => "other images"]),
  ];
  if (differences.length > 0)
    throw new InputError(
      (show) =>
        `${folder}: this run began with other options: ${differences.map((word) => word(show)).join("; ")}. Resume it with what it began with, or give another folder as ${show("out")}.`,
    );
}

/** The backbone's weights, and what a config says beside them, of which only two are options. */
function compareModels(before: RunConfig["model"], now: RunConfig["model"]): Wording[] {
  if (before.sha256 !== now.sha256)
    return [
      (show) =>
        `${show("model")} was ${before.id} (sha256 ${before.sha256.slice(0, 12)}…), is ${now.id} (sha256 ${now.sha256.slice(0, 12)}…)`,
    ];
  const { heads, imageSize, ...rest } = before.config;
  const { heads: newHeads, imageSize: newSize, ...newRest } = now.config;
  return [
    ...compare({ heads, imageSize: sideOf(imageSize) }, { heads: newHeads, imageSize: sideOf(newSize) }),
    ...compare(rest, newRest, asFact),
  ];
}

/** A square as the one number that it was given by. */
const sideOf = (size: unknown): unknown => (Array.isArray(size) && size[0] === size[1] ? size[0] : size);

/** An older run does not say what share it held out; its images tell. */
function compareAsked({ asked: before }: RunConfig, { asked: now }: RunConfig): Wording[] {
  if (!before || !now) return [];
  const shareOf = ({ validationFraction = 0.2 }: AskedConfig) => ({ validationFraction });
  return compare(shareOf(before), shareOf(now));
}

/** By the choices that made the steps, where both are known and differ. */
function compareSteps(before: RunConfig, now: RunConfig): Wording[] {
  const differences = [
    ...compare({ preprocessing: before.preprocessing }, { preprocessing: now.preprocessing }, asFact),
    ...compare({ evaluation: before.evaluation }, { evaluation: now.evaluation }, asFact),
  ];
  if (differences.length === 0) return [];
  const choices = before.asked && now.asked ? compare(before.asked.images ?? {}, now.asked.images ?? {}) : [];
  return choices.length > 0 ? choices : differences;
}

/** What no option sets is named as it is. */
const asFact =
  (name: string): Wording =>
  () =>
    name;
const asOption =
  (name: string): Wording =>
  (show) =>
    show(name);

/** `epochs was 10, is 12` for each field that differs. */
export function compare(
  before: Options,
  now: Options,
  named: (name: string) => Wording = asOption,
): Wording[] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((key) => !isDeepStrictEqual(before[key], now[key]))
    .map((key) => (show) => `${named(key)(show)} was ${showGiven(before[key])}, is ${showGiven(now[key])}`);
}

const showGiven = (value: unknown): string => (value === undefined ? "not given" : showValue(value));
