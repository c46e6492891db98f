/** What a run is made of, as run.json holds it: a resumed run must repeat it, or its numbers would be others. */

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { relative, sep } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Dataset, Example } from "../datasets/dataset.ts";
import { FileError, InputError } from "../errors.ts";
import { readProblem } from "../files/file-problem.ts";
import { showValue } from "../files/show-value.ts";
import type { MethodChoice } from "../methods/methods.ts";
import type { VitConfig } from "../model/model.ts";
import type { Step } from "../preprocessing/steps.ts";
import type { Recipe } from "../train/recipe.ts";

const runConfigSchema = z.object({
  version: z.literal(1),
  /** Where the base and the data lie may change; what they hold may not. Heads and epsilon are in no weight. */
  model: z.object({ id: z.string(), sha256: z.string(), config: z.record(z.string(), z.unknown()) }),
  data: z.object({ root: z.string(), classes: z.array(z.string()), files: z.string() }),
  method: z.object({ name: z.string(), options: z.record(z.string(), z.unknown()) }),
  recipe: z.record(z.string(), z.unknown()),
  preprocessing: z.array(z.unknown()),
  /** Settled when the run began: another machine's memory, or a mended or changed image, must not change it. */
  settled: z.object({ microBatchSize: z.int().min(1), files: z.string() }).optional(),
});
export type RunConfig = z.output<typeof runConfigSchema>;

/** What is known before any image is looked at. */
export function describeRun({
  model,
  dataset,
  method,
  recipe: { checkpointSeconds: _, ...recipe },
  preprocessing,
}: {
  readonly model: { readonly id: string; readonly sha256: string; readonly config: VitConfig };
  readonly dataset: Dataset;
  readonly method: MethodChoice;
  readonly recipe: Recipe;
  readonly preprocessing: readonly Step[];
}): RunConfig {
  const { root, classes, splits } = dataset;
  const { classes: _own, ...sizes } = model.config;
  const config = {
    version: 1,
    model: { ...model, config: sizes },
    data: { root, classes, files: hashFiles(root, splits) },
    method,
    recipe,
    preprocessing,
  };
  // As it will be read back: without what JSON does not know.
  return JSON.parse(JSON.stringify(config)) as RunConfig;
}

interface Splits {
  readonly train: readonly Example[];
  readonly val: readonly Example[];
}

/** One name for the training and validation images, in order, and their labels, wherever their root lies. */
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

/** The same with what is in the files: a run that went on with other pixels would come to other numbers. */
export async function hashContents(root: string, splits: Splits, signal?: AbortSignal): Promise<string> {
  const contents = new Map<string, string>();
  for (const { path } of [...splits.train, ...splits.val]) {
    signal?.throwIfAborted();
    const bytes = await readFile(path).catch((cause: unknown) => {
      throw readProblem(cause, path);
    });
    contents.set(path, createHash("sha256").update(bytes).digest("base64"));
  }
  return hashFiles(root, splits, (path) => contents.get(path));
}

/** Checks what run.json at `where` holds. */
export function parseRunConfig(value: unknown, where: string): RunConfig {
  const parsed = runConfigSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const field = parsed.error.issues[0]?.path.join(".") || "the file";
  throw new FileError(
    (show) =>
      `${where}: ${field} is not what this version of rlrr writes. Remove its folder, or give another one as ${show("out")}.`,
  );
}

/** Refuses to go on with a run in `folder` that began otherwise, and says how. */
export function checkRepeated(before: RunConfig, now: RunConfig, folder: string): void {
  const differences = [
    ...compare({ model: before.model.sha256 }, { model: now.model.sha256 }),
    ...compare(before.model.config, now.model.config),
    ...compare({ method: before.method.name }, { method: now.method.name }),
    ...(before.method.name === now.method.name ? compare(before.method.options, now.method.options) : []),
    ...compare(before.recipe, now.recipe),
    ...compare({ preprocessing: before.preprocessing }, { preprocessing: now.preprocessing }),
    ...compare({ classes: before.data.classes }, { classes: now.data.classes }),
    ...(before.data.files === now.data.files ? [] : ["other images"]),
  ];
  if (differences.length > 0)
    throw new InputError(
      (show) =>
        `${folder}: this run began otherwise: ${differences.join("; ")}. Repeat its options to resume, or give another folder as ${show("out")}.`,
    );
}

/** `epochs was 10, is 12` for each field that differs. */
function compare(
  before: Readonly<Record<string, unknown>>,
  now: Readonly<Record<string, unknown>>,
): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((key) => !isDeepStrictEqual(before[key], now[key]))
    .map((key) => `${key} was ${showValue(before[key])}, is ${showValue(now[key])}`);
}
