/** An adapter as a folder, in the manner of Hugging Face's peft: configuration, tensors, preprocessing, model card. */

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { FileError, InputError } from "../errors.ts";
import { exists } from "../files/exists.ts";
import { readJson } from "../files/read-json.ts";
import { showValue } from "../files/show-value.ts";
import { displacedFolder } from "../files/temporary-paths.ts";
import { writeFileAtomically } from "../files/write-file.ts";
import { writeFolderAtomically } from "../files/write-folder.ts";
import { readSafetensors, readTensor, writeSafetensors } from "../formats/safetensors.ts";
import type { Tensor } from "../formats/tensor.ts";
import type { Method } from "../methods/method.ts";
import { chooseMethod, methods } from "../methods/methods.ts";
import { backboneOf, type ModelConfig } from "../model/architectures.ts";
import { parseHuggingFaceSteps } from "../model/hugging-face-steps.ts";
import { renderHuggingFaceSteps } from "../model/render-hugging-face-steps.ts";
import { outputSize } from "../preprocessing/step-list.ts";
import { type Adapter, checkTensors } from "./adapter.ts";
import {
  configName,
  isConfig,
  olderName,
  parseAdapterConfig,
  renderAdapterConfig,
  renderJson,
} from "./adapter-config.ts";
import { allTrainables } from "./head.ts";
import { renderModelCard } from "./model-card.ts";
import { parseTrainedImages, renderTrainedImages, type TrainedImages } from "./trained-images.ts";

const imagesName = "training_images.json";

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
  await writeFolderAtomically(
    folder,
    async (temporary) => {
      await writeSafetensors(join(temporary, "adapter_model.safetensors"), adapter.tensors, { format: "pt" });
      await writeFileAtomically(join(temporary, configName), renderAdapterConfig(adapter));
      const steps = renderJson(renderHuggingFaceSteps(adapter.preprocessing));
      await writeFileAtomically(join(temporary, "preprocessor_config.json"), steps);
      if (adapter.images)
        await writeFileAtomically(join(temporary, imagesName), renderTrainedImages(adapter.images));
      await writeFileAtomically(join(temporary, "README.md"), renderModelCard(adapter));
    },
    { mayReplace: (names) => names.some(isConfig) && names.every((name) => knownNames.test(name)) },
  );
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
  const config = parseAdapterConfig(await readJson(where), where);
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
