/** rlrr inspect: what any file or folder is. */

import { readdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { Command, Option } from "commander";
import { adapterFolder } from "../adapter/adapter-file.ts";
import { readDataset } from "../datasets/read-dataset.ts";
import { FileError, InputError } from "../errors.ts";
import { type ListedTensor, listTensors } from "../formats/list-tensors.ts";
import { renderShape } from "../formats/tensor.ts";
import { readImageFacts } from "../images/image-facts.ts";
import { isVariant, variants } from "../model/variants.ts";
import { renderTable } from "../table.ts";
import { interruption } from "./exit.ts";
import { inspectAdapter } from "./inspect-adapter.ts";
import { inspectData } from "./inspect-data.ts";
import { inspectModel, inspectSize } from "./inspect-model.ts";
import { inspectTensors } from "./inspect-tensors.ts";
import { methodOption, methodSettingOptions, methodSettings } from "./method-options.ts";
import {
  dataHelp,
  headsOption,
  inGroup,
  jsonOption,
  modelHelp,
  wholeNumberOption,
  withOptions,
} from "./options.ts";
import { print, say } from "./output.ts";
import { renderFacts } from "./render-facts.ts";
import type { CountOptions } from "./trainable-counts.ts";

/** What something turned out to be. */
export interface Inspection {
  /** For programs: one line of JSON. */
  readonly record: { readonly type: string; readonly [key: string]: unknown };
  readonly text: string;
  /** Of what has tensors. */
  readonly tensors?: readonly ListedTensor[];
}

export interface InspectOptions extends CountOptions {
  readonly heads?: number | undefined;
  readonly json: boolean;
}

export const inspectCommand = (): Command =>
  withOptions(
    new Command("inspect").description("say what a model, an adapter, a run, a data set or a file is"),
    [
      headsOption(),
      new Option("--tensors", "list every tensor"),
      jsonOption(),
      ...inGroup("What would train:", [
        methodOption(),
        ...methodSettingOptions(),
        wholeNumberOption("--classes <n>", "rows of the head (default: 0)", { least: 0 }),
      ]),
    ],
  )
    .argument("<what>", `a file, a folder, a hub id, or a size: ${Object.keys(variants).join(", ")}`)
    .addHelpText(
      "after",
      `${modelHelp}${dataHelp}

Examples:
  rlrr inspect photos/
  rlrr inspect runs/flowers
  rlrr inspect vit-b16 --method rlrr --classes 100
  rlrr inspect google/vit-base-patch16-224-in21k --tensors`,
    )
    .action(runInspect);

interface Flags {
  readonly heads?: number;
  readonly method?: string;
  readonly classes?: number;
  readonly tensors?: boolean;
  readonly json?: boolean;
}

async function runInspect(what: string, flags: Flags): Promise<void> {
  const { heads, method, classes = 0, json = false } = flags;
  const settings = methodSettings(flags);
  const { record, text, tensors } = await identify(what, { heads, method, settings, classes, json });
  const asksCounts = [method, flags.classes, ...Object.values(settings)].some((flag) => flag !== undefined);
  if (asksCounts && record.type !== "model" && record.type !== "size")
    throw new InputError(
      `${what} is no model and no size, so --method, its options and --classes say nothing.`,
    );
  if (flags.tensors && tensors === undefined) throw new InputError(`${what} has no tensors to list.`);
  const listed = flags.tensors ? tensors : undefined;
  if (json) await print(`${JSON.stringify({ ...record, ...(listed && { tensors: listed }) })}\n`);
  else await say([text, ...(listed ? [renderTensors(listed)] : [])].join("\n\n"));
}

/** What exists as a path wins over the name of a size or of a model on the hub. */
async function identify(what: string, options: InspectOptions): Promise<Inspection> {
  const found = await stat(what).catch(() => undefined);
  if (found?.isDirectory()) return identifyFolder(what, options);
  if (found) return identifyFile(what, options);
  return isVariant(what) ? inspectSize(what, options) : inspectModel(what, options);
}

async function identifyFolder(folder: string, options: InspectOptions): Promise<Inspection> {
  const names = await readdir(folder).catch(() => [] as string[]);
  if (names.includes("run.json") || (await adapterFolder(folder))) return inspectAdapter(folder);
  if (names.some((name) => /^model\.safetensors(\.index\.json)?$/.test(name)))
    return inspectModel(folder, options);
  const dataset = await readDataset(folder, { signal: interruption }).catch((cause: unknown) => {
    if (!(cause instanceof InputError || cause instanceof FileError)) throw cause;
    const weights = names.find((name) => /\.(safetensors|npz)$/.test(name));
    if (weights !== undefined)
      throw new InputError(
        `${folder} is none of what this program reads. Name a file in it, such as ${weights}.`,
      );
    throw new InputError(`${folder} is no model, no adapter and no run; as a data set: ${cause.message}`, {
      cause,
    });
  });
  return inspectData(folder, dataset);
}

async function identifyFile(path: string, options: InspectOptions): Promise<Inspection> {
  if (/(^|[/\\])adapter_model\.safetensors$/.test(path) && (await adapterFolder(dirname(path))))
    return inspectAdapter(dirname(path));
  if (/\.(safetensors|npz)$/.test(path)) return identifyWeights(path, options);
  if (/\.csv$/i.test(path)) return inspectData(path, await readDataset(path, { signal: interruption }));
  const image = await readImageFacts(path);
  if (image) {
    const { kind, width, height, channels } = image;
    const text = renderFacts(`${path} is an image.`, [
      ["kind", kind],
      ["size", `${width} x ${height} pixels, ${channels} channels`],
    ]);
    return { record: { type: "image", path, ...image }, text };
  }
  throw new InputError(
    `${path} is none of what this program reads: a model (.safetensors, .npz or a folder), an adapter, a run, a data set (a folder or a .csv file) or an image.`,
  );
}

/** A file that is damaged is said to be; one that is whole but no ViT is a file of tensors. */
async function identifyWeights(path: string, options: InspectOptions): Promise<Inspection> {
  await listTensors(path);
  try {
    return await inspectModel(path, options);
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return inspectTensors(path, error.message);
  }
}

function renderTensors(tensors: readonly ListedTensor[]): string {
  const columns = [{ title: "tensor", maxWidth: 100 }, { title: "type" }, { title: "shape" }];
  return renderTable(
    columns,
    tensors.map(({ name, dtype, shape }) => [name, dtype, renderShape(shape)]),
    { indent: 2 },
  );
}
