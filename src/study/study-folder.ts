/** A study's folder: one process at a time, its definition, results, tables, and the runs of trials that are not done. */

import { readdir } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { InputError } from "../errors.ts";
import { exists, unlessMissing } from "../files/exists.ts";
import { makeFolder } from "../files/make-folder.ts";
import { readJson } from "../files/read-json.ts";
import { writeFileAtomically } from "../files/write-file.ts";
import { takeLock } from "../runs/run-lock.ts";
import { parseStudy, type StudyInput } from "./study-schema.ts";

export const studyPaths = (folder: string) => ({
  study: join(folder, "study.json"),
  results: join(folder, "results.jsonl"),
  handedIn: join(folder, "results"),
  markdown: join(folder, "table.md"),
  html: join(folder, "table.html"),
  trials: join(folder, "trials"),
  features: join(folder, "features"),
});

/** A study as a file says it. Its paths are relative to the file; what is no file there as a model is a hub id or a name. */
export async function readStudyFile(path: string): Promise<StudyInput> {
  const { data, model, ...rest } = parseStudy(await readJson(path), path);
  const from = (given: string) => resolve(dirname(path), given);
  const placed = data?.map((entry) =>
    typeof entry === "string" ? from(entry) : { ...entry, path: from(entry.path) },
  );
  const found = model !== undefined && (await exists(from(model))) ? from(model) : model;
  return { ...rest, ...(placed && { data: placed }), ...(found !== undefined && { model: found }) };
}

/** The study that a folder holds; undefined where it is new or empty. */
export async function earlierStudy(folder: string): Promise<StudyInput | undefined> {
  const { study } = studyPaths(folder);
  if (await exists(study)) return readStudyFile(study);
  const names = await readdir(folder).catch((cause: unknown) => unlessMissing(cause, folder) ?? []);
  // The lock and hidden temporary files are all that a study leaves that was killed before it wrote anything.
  if (names.some((name) => name !== "run.lock" && !name.startsWith(".")))
    throw new InputError(
      (show) => `${folder} is not empty and holds no study. Name a new folder with ${show("out")}.`,
    );
  return undefined;
}

/** Makes the folder and takes its lock; the returned function releases it. */
export async function openStudyFolder(folder: string, study: StudyInput): Promise<() => Promise<void>> {
  await makeFolder(folder);
  const unlock = await takeLock(folder);
  try {
    await writeFileAtomically(studyPaths(folder).study, `${JSON.stringify(study, null, 2)}\n`);
    return unlock;
  } catch (error) {
    await unlock();
    throw error;
  }
}
