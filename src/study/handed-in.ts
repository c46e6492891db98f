/** Results that trials hand in which ran apart from their study: a file each, so that no two processes write one. */

import { readdir, readFile, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { unlessMissing } from "../files/exists.ts";
import { codeOf, readProblem } from "../files/file-problem.ts";
import { makeFolder } from "../files/make-folder.ts";
import { writeFileAtomically } from "../files/write-file.ts";
import { parseResults, type ResultsFile } from "./results-file.ts";
import type { TrialRecord } from "./trial.ts";

const nameOf = /^[0-9a-f]{16}\.json$/;

/** Appears whole, or not at all. */
export async function handIn(folder: string, record: TrialRecord): Promise<void> {
  await makeFolder(folder);
  await writeFileAtomically(join(folder, `${record.name}.json`), `${JSON.stringify(record)}\n`);
}

/** All that are there; what else lies in the folder is left alone. */
export async function handedIn(folder: string): Promise<readonly TrialRecord[]> {
  const names = await readdir(folder).catch((cause: unknown) => unlessMissing(cause, folder) ?? []);
  const records: TrialRecord[] = [];
  for (const name of names.filter((name) => nameOf.test(name)).sort()) {
    const path = join(folder, name);
    const text = await readFile(path, "utf8").catch((cause: unknown) => {
      if (codeOf(cause) === "ENOENT") return ""; // collected since
      throw readProblem(cause, path);
    });
    records.push(...parseResults(text, path));
  }
  return records;
}

/** Moves them into the study's own file, whose lock the caller holds. */
export async function collect(folder: string, results: ResultsFile): Promise<void> {
  for (const record of await handedIn(folder)) {
    if (!results.records.has(record.name)) await results.append(record);
    await rm(join(folder, `${record.name}.json`), { force: true });
  }
  // It stays where something else is in it.
  await rmdir(folder).catch(() => {});
}
