/** What a study is asked to be: what is given, or what its folder began with. */

import { resolve } from "node:path";
import { InputError } from "../errors.ts";
import type { Model } from "../model/model.ts";
import { earlierStudy, readStudyFile } from "./study-folder.ts";
import { parseStudy, type StudyInput } from "./study-schema.ts";

export interface AskedStudy {
  /** The path of a file, or what such a file says. Where left out, what `out` began with. */
  readonly study?: string | StudyInput | undefined;
  /** The study's folder. */
  readonly out: string;
}

export async function askedStudy({ study: given, out }: AskedStudy): Promise<StudyInput> {
  if (typeof given === "string") return readStudyFile(given);
  if (given !== undefined) return parseStudy(given, "study");
  const earlier = await earlierStudy(out);
  if (earlier) return earlier;
  throw new InputError(
    (show) =>
      `${out} holds no study yet. Say what to study: a file, or ${show("model")}, ${show("data")} and ${show("methods")}.`,
  );
}

/** What the folder remembers must mean the same wherever it is continued from. A hub id stays what it is. */
export const absolute = (input: StudyInput, model: Model): StudyInput => ({
  ...input,
  model: model.source ?? input.model,
  ...(input.data && {
    data: input.data.map((entry) =>
      typeof entry === "string" ? resolve(entry) : { ...entry, path: resolve(entry.path) },
    ),
  }),
});
