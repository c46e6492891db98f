/** What is sent of what the user names: of a run its adapter, of a folder its model; with a card, and without paths of this machine. */

import { basename, join } from "node:path";
import { renewConfig } from "../adapter/adapter-config.ts";
import { adapterFolder, readAdapter } from "../adapter/adapter-file.ts";
import { renderModelCard } from "../adapter/model-card.ts";
import { InputError } from "../errors.ts";
import { exists, statOf } from "../files/exists.ts";
import { readJson } from "../files/read-json.ts";
import { type Listed, listFiles, type Outgoing } from "./list-files.ts";
import { renderPlainCard } from "./plain-card.ts";

export interface Chosen extends Listed {
  /** The folder that the files are in. */
  readonly folder: string;
  readonly kind: "adapter" | "model";
  /** What was made or changed for the push, for the user to see. */
  readonly notes: readonly string[];
}

const cardName = "README.md";
const olderConfig = "adapter_config.json";
const imagesName = "training_images.json";

/** `leaveOut` are paths in the folder. */
export async function chooseFiles(source: string, leaveOut: readonly string[]): Promise<Chosen> {
  const found = await adapterFolder(source);
  const adapter = found !== undefined && (await isPeft(found)) ? undefined : found;
  const folder = adapter ?? source;
  if (adapter === undefined) await checkModelFolder(source);
  const listed = withoutNamed(await listFiles(folder), leaveOut, folder);
  const chosen: Chosen = { ...listed, folder, kind: adapter === undefined ? "model" : "adapter", notes: [] };
  return withCard(await withoutPaths(chosen));
}

/** An adapter of peft's own kinds, as an export for peft is; it goes out as it is. */
async function isPeft(folder: string): Promise<boolean> {
  const where = join(folder, olderConfig);
  if (!(await exists(where)) || (await exists(join(folder, "rlrr_adapter.json")))) return false;
  const config = await readJson(where);
  return config !== null && typeof config === "object" && Reflect.get(config, "peft_type") !== "RLRR";
}

async function checkModelFolder(folder: string): Promise<void> {
  const found = await statOf(folder);
  const hint = "Push a run of rlrr train, an adapter, or the folder of a model.";
  if (!found) throw new InputError(`${folder}: there is no such folder. ${hint}`);
  if (!found.isDirectory()) throw new InputError(`${folder} is a file. ${hint}`);
  if (await exists(join(folder, "run.json")))
    throw new InputError(`${folder} is a run that has kept no adapter yet. Train it further first.`);
  if (!(await exists(join(folder, "config.json"))) && !(await isPeft(folder)))
    throw new InputError(`${folder} holds no adapter, and no model: it has no config.json. ${hint}`);
}

function withoutNamed({ files, leftOut }: Listed, names: readonly string[], folder: string): Listed {
  const unknown = names.find((name) => ![...files, ...leftOut].some(({ path }) => path === name));
  if (unknown !== undefined)
    throw new InputError(
      (show) =>
        `${show("leaveOut", unknown)} names no file of ${folder}: ${files.map(({ path }) => path).join(", ")}.`,
    );
  return {
    files: files.filter(({ path }) => !names.includes(path)),
    leftOut: [
      ...leftOut.filter(({ path }) => !names.includes(path)),
      ...names.map((path) => ({ path, why: "as you asked" })),
    ],
  };
}

/** An adapter of the first format may hold a path of this machine, and invites peft to fail: it goes out in today's. */
async function withoutPaths(chosen: Chosen): Promise<Chosen> {
  const { kind, folder, files, leftOut, notes } = chosen;
  if (kind !== "adapter" || !files.some(({ path }) => path === olderConfig)) return chosen;
  const where = join(folder, olderConfig);
  const text = renewConfig(await readJson(where), where);
  const renewed = textFile("rlrr_adapter.json", text);
  return {
    ...chosen,
    files: sorted([...files.filter(({ path }) => path !== olderConfig), renewed]),
    leftOut: [...leftOut, { path: olderConfig, why: "its path of the base is of this machine" }],
    notes: [...notes, `${where} is of an older format; it is sent in today's, as rlrr_adapter.json.`],
  };
}

/** A folder without a card gets one, which is only sent. */
async function withCard(chosen: Chosen): Promise<Chosen> {
  const { files, leftOut, folder, kind, notes } = chosen;
  if ([...files, ...leftOut].some(({ path }) => path === cardName)) return chosen;
  const text =
    kind === "adapter"
      ? renderModelCard(await readAdapter(folder))
      : renderPlainCard(await modelConfig(folder), basename(folder));
  return {
    ...chosen,
    files: sorted([...files, textFile(cardName, text)]),
    notes: [...notes, `${folder} has no ${cardName}; a model card is made for it.`],
  };
}

const modelConfig = async (folder: string): Promise<unknown> => {
  const where = join(folder, "config.json");
  return (await exists(where)) ? readJson(where) : {};
};

const textFile = (path: string, text: string): Outgoing => ({
  path,
  bytes: Buffer.byteLength(text),
  content: { text },
});

const sorted = (files: readonly Outgoing[]): readonly Outgoing[] =>
  [...files].sort((a, b) => (a.path < b.path ? -1 : 1));

/** Whether the hashes of training images are among the files. */
export const sendsImageHashes = ({ files }: Listed): boolean => files.some(({ path }) => path === imagesName);
