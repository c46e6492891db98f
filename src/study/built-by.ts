/** What a builder of a benchmark writes beside the data set that it has built, so that a study can name the copy. */

import { join } from "node:path";
import * as z from "zod";
import { FileError } from "../errors.ts";
import { exists } from "../files/exists.ts";
import { readJson } from "../files/read-json.ts";

export const builtByFile = "built-by.json";

const schema = z.object({
  benchmark: z.string(),
  task: z.string(),
  /** The data set and its version that decide order and labels. */
  source: z.string(),
  /** What the images come from. */
  from: z.string(),
  /** `DataCopy.manifest` of what was written. */
  manifest: z.string(),
});
export type BuiltBy = Readonly<z.infer<typeof schema>>;

/** Nothing where there is no such file, or it is another's. */
export async function readBuiltBy(folder: string): Promise<BuiltBy | undefined> {
  const path = join(folder, builtByFile);
  if (!(await exists(path))) return undefined;
  try {
    return schema.safeParse(await readJson(path)).data;
  } catch (error) {
    if (error instanceof FileError) return undefined;
    throw error;
  }
}

/** In a few words; a copy whose images are others by now is not called the builder's. */
export const describeBuiltBy = (built: BuiltBy, manifest: string): string =>
  built.manifest === manifest
    ? `${built.benchmark} ${built.task} of ${built.source}, built without loss from ${built.from}`
    : `changed since it was built as ${built.benchmark} ${built.task}`;
