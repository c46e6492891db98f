/** The demo's folder: a list in it names what a demo has made there, and the next demo removes nothing else. */

import { createHash } from "node:crypto";
import { readdir, readFile, rm, rmdir } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { z } from "zod";
import { files as disk, InputError } from "../node.ts";

const { exists, makeFolder, recoverPlaces, readJson, takeFileLock, writeFileAtomically } = disk;

const listName = "demo.json";
const lockName = "demo.lock";

const listSchema = z.object({
  madeBy: z.literal("rlrr demo"),
  /** By their paths in the folder, with the sha256 of what they held. */
  files: z.record(z.string(), z.string()),
  /** The run or model that was being made: an interrupted demo may have left anything in it. */
  underWay: z
    .string()
    .regex(/^[\w-]+$/) // never a path that leads out of the folder
    .optional(),
});
type DemoList = z.output<typeof listSchema>;

/** What a run, a model, or the images, may have left in its folder when it was interrupted. */
const partNames =
  /^((run|config|preprocessor_config)\.json|run\.lock|metrics\.jsonl|(checkpoint|model)\.safetensors|report\.html|adapter\/(adapter_config\.json|adapter_model\.safetensors|preprocessor_config\.json|README\.md)|(train|val|test)\/[A-Z]\/\d+\.jpg|\.[^/]+\.rlrr-(lock|tmp|tmp-old)(\/[^/]+)?)$/;

export interface DemoFolder {
  /** Lets `work` make the file or folder `part` of the folder. */
  readonly make: <T>(part: string, work: () => Promise<T>) => Promise<T>;
  readonly close: () => Promise<void>;
}

/** Makes `out`, or empties it of an earlier demo; refuses where anything else is inside. */
export async function openDemoFolder(out: string): Promise<DemoFolder> {
  if (!(await isOurs(out)))
    throw new InputError(`${out} exists and is not an earlier demo. Name another folder with --out.`);
  await makeFolder(out);
  const lock = await takeFileLock(join(out, lockName));
  if (lock === "held") throw new InputError(`${out}: another demo is running here. Wait for it.`);
  const close = async () => {
    if (lock !== "unsupported") await lock.release();
  };
  try {
    await removeDemo(out);
    return { make: recorder(out), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** New, empty but for a lock, or with a list. */
async function isOurs(out: string): Promise<boolean> {
  if (!(await exists(out)) || (await exists(join(out, listName)))) return true;
  if ((await filesIn(out)).some((path) => path.startsWith(`.${listName}.`)))
    await recoverPlaces([join(out, listName)]);
  return (await filesIn(out)).every((path) => path === lockName);
}

function recorder(out: string): DemoFolder["make"] {
  const write = (list: DemoList) =>
    writeFileAtomically(join(out, listName), `${JSON.stringify(list, undefined, 2)}\n`);
  const files: Record<string, string> = {};
  return async (part, work) => {
    await write({ madeBy: "rlrr demo", files, underWay: part });
    const result = await work();
    for (const path of await filesIn(out))
      if (path.startsWith(`${part}/`)) files[path] = await hashFile(join(out, path));
    await write({ madeBy: "rlrr demo", files });
    return result;
  };
}

async function removeDemo(out: string): Promise<void> {
  const place = join(out, listName);
  await recoverPlaces([place]);
  if (!(await exists(place))) return;
  const parsed = listSchema.safeParse(await readJson(place));
  if (!parsed.success)
    throw new InputError(`${place} is not what a demo writes. Name another folder with --out.`);
  const { underWay } = parsed.data;
  if (underWay !== undefined) await recoverPlaces([join(out, underWay)]);
  const files = await filesIn(out);
  for (const path of files)
    if (!(await isDemos(path, { out, list: parsed.data })))
      throw new InputError(
        `${join(out, path)} was not made by a demo, or has changed since; a new demo would remove it. Move it elsewhere, or name another folder with --out.`,
      );
  for (const path of files) if (path !== lockName && path !== listName) await rm(join(out, path));
  for (const folder of (await foldersIn(out)).reverse()) await rmdir(join(out, folder));
  await rm(place);
}

async function isDemos(
  path: string,
  { out, list }: { readonly out: string; readonly list: DemoList },
): Promise<boolean> {
  if (path === lockName || path === listName) return true;
  const { files, underWay } = list;
  if (underWay !== undefined && path.startsWith(`${underWay}/`))
    return partNames.test(path.slice(underWay.length + 1));
  return Object.hasOwn(files, path) && files[path] === (await hashFile(join(out, path)));
}

const hashFile = async (path: string): Promise<string> =>
  createHash("sha256")
    .update(await readFile(path))
    .digest("hex");

/** Everything that is no folder, links among them, by its path in `out`. */
const filesIn = (out: string): Promise<string[]> => pathsIn(out, { folders: false });

/** From the outermost inwards. */
const foldersIn = (out: string): Promise<string[]> => pathsIn(out, { folders: true });

async function pathsIn(out: string, { folders }: { readonly folders: boolean }): Promise<string[]> {
  const entries = await readdir(out, { recursive: true, withFileTypes: true }).catch((cause: unknown) => {
    throw new InputError(`${out} is not a folder that can be read. Name another with --out.`, { cause });
  });
  return entries
    .filter((entry) => entry.isDirectory() === folders)
    .map((entry) => relative(out, join(entry.parentPath ?? entry.path, entry.name)).replaceAll(sep, "/"))
    .sort();
}
