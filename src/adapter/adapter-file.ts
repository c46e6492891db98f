/** An adapter as a folder, in the manner of Hugging Face peft: config, tensors, preprocessing, model card. */

import { mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { z } from "zod";
import { FileError, InputError } from "../errors.ts";
import { readProblem, writeProblem } from "../formats/file-problem.ts";
import { readSafetensors, readTensor, writeSafetensors } from "../formats/safetensors.ts";
import type { Tensor } from "../formats/tensor.ts";
import { asideOf, writeFileAside } from "../formats/write-file.ts";
import { parseHuggingFaceSteps, renderHuggingFaceSteps } from "../model/hugging-face-steps.ts";
import type { VitConfig } from "../model/model.ts";
import { type Adapter, allTrainables, checkTensors } from "./adapter.ts";
import { chooseMethod } from "./methods.ts";
import { renderModelCard } from "./model-card.ts";

const formatVersion = 1;
/** A config holds the labels: 100,000 of 100 letters fit, and a wrong file cannot fill memory. */
const maxConfigBytes = 16 * 2 ** 20;

const size = z.int().min(1).max(65536);
const configSchema = z.looseObject({
  format_version: z.literal(formatVersion),
  peft_type: z.literal("RLRR"),
  base_model_name_or_path: z.string(),
  base_model_sha256: z.string().regex(/^[0-9a-f]{64}$/),
  method: z.object({ name: z.string(), options: z.record(z.string(), z.unknown()) }),
  labels: z.array(z.string()).min(1).max(100_000),
  backbone: z.object({
    imageSize: z.tuple([size, size]),
    patchSize: size,
    width: size,
    depth: z.int().min(1).max(1024),
    heads: size,
    mlpWidth: size,
    layerNormEps: z.number().positive(),
    classes: z.int().min(0),
  }),
  training: z.record(z.string(), z.unknown()).default({}),
});

/** Writes the folder aside, then puts it in place of an older one. */
export async function writeAdapter(folder: string, adapter: Adapter): Promise<void> {
  const aside = asideOf(folder);
  try {
    await mkdir(aside, { recursive: true });
    const config = {
      format_version: formatVersion,
      peft_type: "RLRR",
      task_type: null,
      inference_mode: true,
      base_model_name_or_path: adapter.base.id,
      base_model_sha256: adapter.base.sha256,
      method: adapter.method,
      labels: adapter.labels,
      backbone: adapter.config,
      training: adapter.training,
    };
    await writeSafetensors(join(aside, "adapter_model.safetensors"), adapter.tensors, { format: "pt" });
    await writeFileAside(join(aside, "adapter_config.json"), renderJson(config));
    await writeFileAside(
      join(aside, "preprocessor_config.json"),
      renderJson(renderHuggingFaceSteps(adapter.preprocessing)),
    );
    await writeFileAside(join(aside, "README.md"), renderModelCard(adapter));
    await replaceFolder(aside, folder);
  } catch (cause) {
    await rm(aside, { recursive: true, force: true }).catch(() => {});
    throw writeProblem(cause, folder);
  }
}

const renderJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** A folder cannot be renamed over a full one, so the old one steps aside for a moment. */
async function replaceFolder(from: string, to: string): Promise<void> {
  const old = `${from}.old`;
  const had = await rename(to, old).then(
    () => true,
    () => false,
  );
  await rename(from, to);
  if (had) await rm(old, { recursive: true, force: true });
}

/** Reads the adapter in `path`: its folder, or the run that made it. */
export async function readAdapter(path: string): Promise<Adapter> {
  const folder = await findAdapter(path);
  const where = join(folder, "adapter_config.json");
  const config = parseConfig(await readText(where), where);
  const { choice, adaptation } = chooseMethod(config.method.name, config.method.options, where);
  const file = await readSafetensors(join(folder, "adapter_model.safetensors"));
  checkTensors(file.tensors, allTrainables(adaptation, config.backbone, config.labels.length), file.name);
  const tensors = new Map<string, Tensor>();
  for (const name of file.tensors.keys()) tensors.set(name, await readTensor(file, name));
  return {
    base: { id: config.base_model_name_or_path, sha256: config.base_model_sha256 },
    method: choice,
    labels: config.labels,
    config: config.backbone,
    training: config.training,
    preprocessing: await readSteps(join(folder, "preprocessor_config.json"), config.backbone.imageSize),
    tensors,
  };
}

/** Whether `path` holds an adapter, itself or in its `adapter` folder. */
export async function adapterFolder(path: string): Promise<string | undefined> {
  for (const folder of [path, join(path, "adapter")])
    if (await stat(join(folder, "adapter_config.json")).catch(() => undefined)) return folder;
  return undefined;
}

async function findAdapter(path: string): Promise<string> {
  const folder = await adapterFolder(path);
  if (folder !== undefined) return folder;
  if (!(await stat(path).catch(() => undefined)))
    throw new InputError(
      `${path}: there is no such folder. An adapter is the folder that rlrr train wrote with --out.`,
    );
  const inside = basename(dirname(path)) && path;
  throw new InputError(
    `${inside}: no adapter_config.json here, so this is not an adapter. It is what rlrr train writes with --out.`,
  );
}

async function readText(path: string): Promise<string> {
  const { size: bytes } = await stat(path).catch((cause: unknown) => {
    throw readProblem(cause, path);
  });
  if (bytes > maxConfigBytes)
    throw new FileError(`${path}: ${bytes} bytes; a config has at most ${maxConfigBytes}.`);
  return readFile(path, "utf8").catch((cause: unknown) => {
    throw readProblem(cause, path);
  });
}

function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new FileError(`${where} is not JSON: ${cause instanceof Error ? cause.message : cause}.`, {
      cause,
    });
  }
}

function parseConfig(text: string, where: string): z.output<typeof configSchema> {
  const parsed = configSchema.safeParse(parseJson(text, where));
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new FileError(`${where}: ${issue?.path.join(".") || "the file"}: ${issue?.message}.`);
}

async function readSteps(
  where: string,
  imageSize: VitConfig["imageSize"],
): Promise<Adapter["preprocessing"]> {
  return parseHuggingFaceSteps(parseJson(await readText(where), where), { where, imageSize });
}
