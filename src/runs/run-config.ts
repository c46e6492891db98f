/** A run's configuration, run.json; `compare-runs.ts` holds a resumed run to it. */

import { createHash } from "node:crypto";
import { relative, sep } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { Dataset, Example } from "../datasets/dataset.ts";
import { FileError } from "../errors.ts";
import { type EachFileOptions, eachFile, hashFile } from "../files/each-file.ts";
import { readProblem } from "../files/file-problem.ts";
import type { MethodChoice } from "../methods/methods.ts";
import type { ModelConfig } from "../model/architectures.ts";
import { evaluationSteps } from "../preprocessing/step-list.ts";
import type { Step } from "../preprocessing/steps.ts";
import type { Recipe } from "../train/recipe.ts";

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
