/** Describes an adapter and the run that made it. */

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Adapter } from "../adapter/adapter.ts";
import { adapterFolder, readAdapter } from "../adapter/adapter-file.ts";
import { type ValidationRecord, validationOf } from "../adapter/validation.ts";
import { FileError } from "../errors.ts";
import { exists } from "../files/exists.ts";
import { readJson } from "../files/read-json.ts";
import { type ListedTensor, listTensors } from "../formats/list-tensors.ts";
import type { Method } from "../methods/method.ts";
import { type Position, parsePosition } from "../runs/checkpoint.ts";
import { chosenOptions, type RecordedRecipe } from "../runs/recipe-defaults.ts";

/** The fields of run.json that are shown; a file with more or fewer fields is accepted. */
const runSchema = z.object({
  model: z.object({ id: z.string(), sha256: z.string() }),
  data: z.object({ root: z.string(), classes: z.array(z.string()) }),
  method: z.object({ name: z.string(), options: z.record(z.string(), z.unknown()) }),
  recipe: z.record(z.string(), z.unknown()),
  continuedFrom: z.object({ path: z.string(), sha256: z.string() }).optional(),
});

/** How a run began, and its progress; `state` is absent until one is saved. */
export interface InspectedRun extends z.output<typeof runSchema> {
  readonly state?: Position;
}

/** A run that has kept no adapter yet. */
export interface RunRecord {
  readonly type: "run";
  readonly path: string;
  readonly run: InspectedRun | undefined;
  /** The options of training to tell the run by: the main ones, and all that are not at their defaults. */
  readonly chosen: RecordedRecipe;
}

/** An adapter, and the run around it. */
export interface AdapterRecord extends Omit<Adapter, "tensors" | "ownMethod" | "images"> {
  readonly type: "adapter";
  readonly path: string;
  /** Of the file with its tensors. */
  readonly bytes: number;
  /** Parameters that were trained, and how many of them are the head's. */
  readonly trained: number;
  readonly headTrained: number;
  /** How well it did when it was trained, and on what; absent where an older adapter does not say. */
  readonly validation?: ValidationRecord;
  /** Whether it records which images it was trained on. */
  readonly recordsImages: boolean;
  readonly run?: InspectedRun;
  /** The options of training to tell the adapter by: the main ones, and all that are not at their defaults. */
  readonly chosen: RecordedRecipe;
}

interface Inspected {
  readonly record: RunRecord | AdapterRecord;
  readonly tensors: readonly ListedTensor[];
}

/** `path` is an adapter's folder, or a run's that has one already or not yet; `own` a method that is not in the list. */
export async function inspectAdapter(path: string, own?: Method): Promise<Inspected> {
  const run = await readRun(path);
  const folder = await adapterFolder(path);
  if (folder === undefined)
    return { record: { type: "run", path, run, chosen: chosenOptions(run?.recipe ?? {}) }, tensors: [] };
  const adapter = await readAdapter(path, own ? { methods: [own] } : {});
  const weights = join(folder, "adapter_model.safetensors");
  const { size: bytes } = await stat(weights);
  const { method, base, labels, config, preprocessing, training, calibration, unknown } = adapter;
  const trained = countTrained(adapter);
  const validation = validationOf(training);
  const record: AdapterRecord = {
    ...{ type: "adapter", path, bytes, method, base, labels, config, preprocessing, training },
    ...(calibration && { calibration }),
    ...(unknown && { unknown }),
    ...{
      trained: trained.all,
      headTrained: trained.head,
      chosen: chosenOptions(training),
      recordsImages: adapter.images !== undefined,
      ...(validation && { validation }),
      ...(run && { run }),
    },
  };
  return { record, tensors: (await listTensors(weights)).tensors };
}

function countTrained({ tensors }: Adapter): { all: number; head: number } {
  let [all, head] = [0, 0];
  for (const [name, { data }] of tensors) {
    all += data.length;
    if (name.startsWith("head.")) head += data.length;
  }
  return { all, head };
}

async function readRun(folder: string): Promise<InspectedRun | undefined> {
  const path = join(folder, "run.json");
  if (!(await exists(path))) return undefined;
  const parsed = runSchema.safeParse(await readJson(path));
  if (!parsed.success) throw new FileError(`${path} was not written by rlrr train, or is damaged.`);
  const checkpoint = join(folder, "checkpoint.safetensors");
  if (!(await exists(checkpoint))) return parsed.data;
  const { metadata } = await listTensors(checkpoint);
  return { ...parsed.data, state: parsePosition(metadata.get("position"), checkpoint) };
}
