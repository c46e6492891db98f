/** An adapter as a folder, in the manner of Hugging Face's peft: configuration, tensors, preprocessing, model card. */

import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { z } from "zod";
import { temperatureRange } from "../calibration/temperature.ts";
import { FileError, InputError } from "../errors.ts";
import { exists } from "../files/exists.ts";
import { readJson } from "../files/read-json.ts";
import { showValue } from "../files/show-value.ts";
import { displacedFolder } from "../files/temporary-paths.ts";
import { writeFileAtomically } from "../files/write-file.ts";
import { writeFolderAtomically } from "../files/write-folder.ts";
import { readSafetensors, readTensor, writeSafetensors } from "../formats/safetensors.ts";
import type { Tensor } from "../formats/tensor.ts";
import { limits } from "../limits.ts";
import type { Method } from "../methods/method.ts";
import { chooseMethod, methods } from "../methods/methods.ts";
import { backboneOf, configFlaw, type ModelConfig, modelConfigSchema } from "../model/architectures.ts";
import { describeIssue } from "../model/describe-issue.ts";
import { parseHuggingFaceSteps } from "../model/hugging-face-steps.ts";
import { renderHuggingFaceSteps } from "../model/render-hugging-face-steps.ts";
import { outputSize } from "../preprocessing/step-list.ts";
import { type Adapter, checkTensors, validationKinds } from "./adapter.ts";
import { shareableName } from "./base-name.ts";
import { allTrainables } from "./head.ts";
import { renderModelCard } from "./model-card.ts";
import { parseTrainedImages, renderTrainedImages, type TrainedImages } from "./trained-images.ts";

const formatVersion = 2;
/** Not `adapter_config.json`, which peft takes for its own and then fails on. */
const configName = "rlrr_adapter.json";
/** The first format: a file of that name with `"peft_type": "RLRR"`. */
const olderName = "adapter_config.json";
const imagesName = "training_images.json";

const { value: mostClasses } = limits.MAX_CLASSES;
const measured = z.object({ ece: z.number(), loss: z.number(), brier: z.number() });
const [coldest, hottest] = temperatureRange;
const configSchema = z.looseObject({
  base_model_name_or_path: z.string().min(1),
  base_model_revision: z
    .string()
    .regex(/^[0-9a-f]{40}$/)
    .optional(),
  base_model_sha256: z.string().regex(/^[0-9a-f]{64}$/),
  method: z.object({ name: z.string(), options: z.record(z.string(), z.unknown()) }),
  labels: z.array(z.string()).min(1).max(mostClasses),
  backbone: modelConfigSchema,
  calibration: z
    .object({
      temperature: z.number().min(coldest).max(hottest),
      images: z.int().min(1),
      ...{ before: measured, after: measured },
    })
    .optional(),
  unknown: z
    .object({
      threshold: z.number().min(0).max(1),
      images: z.int().min(1),
      kept: z.int().min(0),
      estimate: z.object({ found: z.int().min(0), auroc: z.number().min(0).max(1) }).optional(),
    })
    .optional(),
  // Facts for people: what is not as expected is left unsaid.
  training: z
    .looseObject({
      trainImages: z.number().optional().catch(undefined),
      validationImages: z.number().optional().catch(undefined),
      keptEpoch: z.number().optional().catch(undefined),
      validation: z.enum(validationKinds).optional().catch(undefined),
      validationTop1: z.number().optional().catch(undefined),
      continuedFrom: z.object({ name: z.string(), sha256: z.string() }).optional().catch(undefined),
    })
    .default({}),
});
type Config = z.output<typeof configSchema>;

/** Names that an adapter's folder may hold; one that holds others is not ours to replace. */
const knownNames =
  /^(rlrr_adapter\.json|adapter_config\.json|adapter_model\.safetensors|preprocessor_config\.json|training_images\.json|README\.md|\.DS_Store|Thumbs\.db|desktop\.ini)$/;

/** Refuses a folder that holds what no adapter holds, before there is an adapter to write into it. */
export async function checkAdapterFolder(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  const foreign = names.find((name) => !knownNames.test(name));
  if (foreign !== undefined)
    throw new InputError(
      `${folder} holds "${foreign}", which does not belong to an adapter and would be lost. Move it elsewhere.`,
    );
}

/** Writes the folder atomically; an older adapter there is replaced. */
export async function writeAdapter(folder: string, adapter: Adapter): Promise<void> {
  const config = {
    format_version: formatVersion,
    base_model_name_or_path: shareableName(adapter.base.id),
    base_model_revision: adapter.base.revision,
    base_model_sha256: adapter.base.sha256,
    method: adapter.method,
    labels: adapter.labels,
    backbone: adapter.config,
    calibration: adapter.calibration,
    unknown: adapter.unknown,
    training: adapter.training,
  };
  await writeFolderAtomically(
    folder,
    async (temporary) => {
      await writeSafetensors(join(temporary, "adapter_model.safetensors"), adapter.tensors, { format: "pt" });
      await writeFileAtomically(join(temporary, configName), renderJson(config));
      const steps = renderJson(renderHuggingFaceSteps(adapter.preprocessing));
      await writeFileAtomically(join(temporary, "preprocessor_config.json"), steps);
      if (adapter.images)
        await writeFileAtomically(join(temporary, imagesName), renderTrainedImages(adapter.images));
      await writeFileAtomically(join(temporary, "README.md"), renderModelCard(adapter));
    },
    { mayReplace: (names) => names.some(isConfig) && names.every((name) => knownNames.test(name)) },
  );
}

const isConfig = (name: string): boolean => name === configName || name === olderName;

const renderJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** The configuration of an adapter of the first format, which may hold a path of its machine, in today's. */
export function renewConfig(value: unknown, where: string): string {
  const config = parseConfig(value, where);
  const { peft_type: _, task_type: __, inference_mode: ___, ...rest } = config;
  return renderJson({
    ...rest,
    format_version: formatVersion,
    base_model_name_or_path: shareableName(config.base_model_name_or_path),
  });
}

export interface ReadAdapterOptions {
  /** Methods of a user's own, which an adapter may have been trained with. */
  readonly methods?: readonly Method[] | undefined;
}

/** Reads the adapter in `path`: its folder, or the run that made it. */
export async function readAdapter(
  path: string,
  { methods: own = [] }: ReadAdapterOptions = {},
): Promise<Adapter> {
  const folder = await findAdapter(path);
  const where = await configIn(folder);
  const config = parseConfig(await readJson(where), where);
  checkKnown(config.method.name, own, where);
  const { ownMethod, choice, adaptation } = chooseMethod(config.method, where, { known: own });
  const file = await readSafetensors(join(folder, "adapter_model.safetensors"));
  const trainables = allTrainables(adaptation, backboneOf(config.backbone), config.labels.length);
  checkTensors(file.tensors, trainables, file.name);
  const tensors = new Map<string, Tensor>();
  for (const name of file.tensors.keys()) {
    const tensor = await readTensor(file, name);
    if (!tensor.data.every(Number.isFinite))
      throw new FileError(
        `${file.name}: tensor ${JSON.stringify(name)} holds NaN or an infinite number. It is damaged; get it again.`,
      );
    tensors.set(name, tensor);
  }
  const images = await readImages(join(folder, imagesName));
  return {
    base: {
      id: config.base_model_name_or_path,
      sha256: config.base_model_sha256,
      ...(config.base_model_revision !== undefined && { revision: config.base_model_revision }),
    },
    method: choice,
    ...(ownMethod && { ownMethod }),
    labels: config.labels,
    config: config.backbone,
    ...(config.calibration && { calibration: config.calibration }),
    ...(config.unknown && { unknown: config.unknown }),
    training: config.training,
    ...(images && { images }),
    preprocessing: await readSteps(join(folder, "preprocessor_config.json"), config.backbone),
    tensors,
  };
}

/** No code that an adapter might name is ever run: only the user can say where a method is defined. */
function checkKnown(name: string, own: readonly Method[], where: string): void {
  if ([...methods, ...own].some((method) => method.name === name)) return;
  const given = own.map((method) => `"${method.name}"`).join(", ");
  throw new InputError((show) => {
    const remedy =
      given === ""
        ? `Say where it is defined, with ${show("method")}.`
        : `${show("method")} defines ${given}; give the one that defines ${showValue(name)}.`;
    return `${where}: it was trained with method ${showValue(name)}, which is not part of rlrr. ${remedy}`;
  });
}

/** The adapter's folder: `path` itself or its `adapter` folder, even while a new one is about to take its place. */
export async function adapterFolder(path: string): Promise<string | undefined> {
  for (const folder of [path, join(path, "adapter")]) {
    if (await holdsAdapter(folder)) return folder;
    const old = await displacedFolder(folder);
    if (old !== undefined && (await holdsAdapter(old))) return old;
  }
  return undefined;
}

const holdsAdapter = async (folder: string): Promise<boolean> => exists(await configIn(folder));

/** The file that says what the adapter is; the name of today where there is none. */
async function configIn(folder: string): Promise<string> {
  const [now, before] = [join(folder, configName), join(folder, olderName)];
  return !(await exists(now)) && (await exists(before)) ? before : now;
}

async function findAdapter(path: string): Promise<string> {
  const folder = await adapterFolder(path);
  if (folder !== undefined) return folder;
  const why = (await exists(path))
    ? `no ${configName} here, so this is not an adapter`
    : "there is no such folder";
  throw new InputError(`${path}: ${why}. An adapter is in the folder of the run that trained it.`);
}

function parseConfig(value: unknown, where: string): Config {
  const field = (name: string): unknown =>
    value !== null && typeof value === "object" ? Reflect.get(value, name) : undefined;
  const [type, version] = [field("peft_type"), field("format_version")];
  const isOlder = basename(where) === olderName;
  if (isOlder && type !== "RLRR")
    throw new FileError(`${where}: peft_type is ${showValue(type)}; this program reads RLRR adapters.`);
  const readable = isOlder ? 1 : formatVersion;
  if (version !== readable)
    throw new FileError(
      `${where}: format_version is ${showValue(version)}; this version of rlrr reads ${readable}.`,
    );
  const parsed = configSchema.safeParse(value);
  if (!parsed.success)
    throw new FileError(
      `${where}: ${describeIssue(parsed.error, value)}, which is not valid in an adapter. The file is damaged; get it again.`,
    );
  const flaw = findFlaw(parsed.data);
  if (flaw !== undefined) throw new FileError(`${where}: ${flaw}. It is damaged; get it again.`);
  return parsed.data;
}

/** What is wrong between two fields that are fine by themselves. */
function findFlaw({ labels, backbone }: Config): string | undefined {
  if (labels.length !== backbone.classes)
    return `there are ${labels.length} labels for ${backbone.classes} classes`;
  return configFlaw(backbone);
}

/** Older adapters have no such file, and whoever shares an adapter may leave it out. */
const readImages = async (where: string): Promise<TrainedImages | undefined> =>
  (await exists(where)) ? parseTrainedImages(await readJson(where), where) : undefined;

async function readSteps(where: string, { imageSize }: ModelConfig): Promise<Adapter["preprocessing"]> {
  const steps = parseHuggingFaceSteps(await readJson(where), { where });
  const made = outputSize(steps);
  if (made.some((side, axis) => side !== imageSize[axis]))
    throw new FileError(
      `${where}: it makes images of ${made.join(" x ")} pixels; the adapter was trained on ${imageSize.join(" x ")}.`,
    );
  return steps;
}
