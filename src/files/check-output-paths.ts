/** Checks the output paths before work begins rather than after it. */

import { readdir, realpath } from "node:fs/promises";
import { dirname, relative, resolve, sep } from "node:path";
import { InputError } from "../errors.ts";
import { statOf, unlessMissing } from "./exists.ts";
import { codeOf } from "./file-problem.ts";

/** The files of a run's folder; hidden ones are temporary files of a killed run. */
const runNames = /^(run\.json|run\.lock|metrics\.jsonl|checkpoint\.safetensors|adapter|\..*)$/;

interface BesideRun {
  readonly data: string;
  /** A run or an adapter that the new run begins with. */
  readonly continueFrom?: string | undefined;
}

/** `out` may be new, empty, or the folder of an earlier run, but not a part of the data, nor of the run that it continues from. */
export async function checkRunFolder(out: string, { data, continueFrom }: BesideRun): Promise<void> {
  if (continueFrom !== undefined && (await isFolder(continueFrom)) && (await isInside(out, continueFrom)))
    throw new InputError(
      (show) =>
        `${out} is ${continueFrom} itself, or inside it; a run that continues from it leaves it as it is. Name a new folder with ${show("out")}.`,
    );
  const names = await namesIn(out);
  if (!names.includes("run.json") && !names.every((name) => runNames.test(name)))
    throw new InputError(
      (show) => `${out} is not empty and holds no run. Name a new folder with ${show("out")}.`,
    );
  if ((await isFolder(data)) && (await isInside(out, data)))
    throw new InputError(
      (show) =>
        `${out} lies inside the data ${data}, where it would be taken for a class. Name a folder elsewhere with ${show("out")}.`,
    );
}

/** `out` may be new or empty. */
export async function checkNewFolder(out: string): Promise<void> {
  if ((await namesIn(out)).length > 0)
    throw new InputError(`${out} is not empty. Name a new or an empty folder.`);
}

/** `path` may be new or a file, in a folder that exists. */
export async function checkReportFile(path: string): Promise<void> {
  if (await isFolder(path))
    throw new InputError((show) => `${path} is a folder; ${show("report")} names a file.`);
  if (!/\.html?$/i.test(path))
    throw new InputError(
      (show) =>
        `${show("report")} writes an HTML page and overwrites the file; its name must end in .html, got ${path}.`,
    );
  const folder = dirname(path);
  if (!(await isFolder(folder)))
    throw new InputError(`${path}: there is no folder ${folder}. Make it, or write elsewhere.`);
}

const isFolder = async (path: string): Promise<boolean> => (await statOf(path))?.isDirectory() ?? false;

/** Empty where there is no such folder yet. */
async function namesIn(folder: string): Promise<readonly string[]> {
  if (folder === "") throw new InputError((show) => `${show("out")} must name a folder, got "".`);
  try {
    return await readdir(folder);
  } catch (cause) {
    if (codeOf(cause) === "ENOTDIR")
      throw new InputError((show) => `${folder} is a file, or below one; ${show("out")} names a folder.`, {
        cause,
      });
    return unlessMissing(cause, folder) ?? [];
  }
}

/** Whether `path`, which need not exist, is `folder` or below it. */
async function isInside(path: string, folder: string): Promise<boolean> {
  const way = relative(await realpath(folder), await realPlace(resolve(path)));
  return way !== ".." && !way.startsWith(`..${sep}`) && resolve(way) !== way;
}

/** The real path of the nearest folder that exists, and the rest behind it. */
async function realPlace(path: string): Promise<string> {
  const real = await realpath(path).catch((cause: unknown) => unlessMissing(cause, path));
  if (real !== undefined || dirname(path) === path) return real ?? path;
  return resolve(await realPlace(dirname(path)), relative(dirname(path), path));
}
