/** Finds files of equal content: an image on both sides of a split makes results look better than they are. */

import { stat } from "node:fs/promises";
import { relative } from "node:path";
import { type EachFileOptions, eachFile, hashFile } from "../files/each-file.ts";
import { readFailure } from "../files/file-problem.ts";
import type { Dataset, Example, Split } from "./dataset.ts";
import { counted } from "./describe-dataset.ts";

/** Progress counts the files that are read: only those of equal size are. */
export type DuplicateOptions = EachFileOptions;

/** Sets of two or more files of equal content, in the order of `paths`. What cannot be read equals nothing. */
export async function findEqualFiles(
  paths: Iterable<string>,
  { signal, onProgress }: DuplicateOptions = {},
): Promise<readonly (readonly string[])[]> {
  const distinct = [...new Set(paths)];
  const sizes = await eachFile(distinct, sizeOf, { signal });
  // Files of different sizes differ, so most are never read.
  const alike = groupBy(distinct, (_, at) => sizes[at]).flat();
  const hashes = await eachFile(alike, contentHash, { signal, onProgress });
  return groupBy(alike, (_, at) => hashes[at]);
}

/** The values that share their key with others; those without a key share none. */
function groupBy<T>(
  values: readonly T[],
  keyOf: (value: T, at: number) => string | number | undefined,
): readonly (readonly T[])[] {
  const groups = new Map<string | number, T[]>();
  for (const [at, value] of values.entries()) {
    const key = keyOf(value, at);
    if (key === undefined) continue;
    const group = groups.get(key);
    if (group) group.push(value);
    else groups.set(key, [value]);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

/** Empty files are damaged, not equal. */
const sizeOf = (path: string): Promise<number | undefined> =>
  stat(path).then(
    (found) => (found.isFile() && found.size > 0 ? found.size : undefined),
    () => undefined,
  );

/** The SHA-256 of a file's bytes, in base64; nothing of a file that cannot be read. */
export async function contentHash(path: string): Promise<string | undefined> {
  try {
    return await hashFile(path);
  } catch (cause) {
    const failure = readFailure(path, cause);
    if (failure.exitCode === 1) throw failure; // the machine's fault: it would fail for each file
    return undefined; // the file's fault, which is reported when it is decoded
  }
}

/** What equal files mean for a data set: splits that share images, and images of two classes. */
export function duplicateNotes(
  { root, splits }: Pick<Dataset, "root" | "splits">,
  equal: readonly (readonly string[])[],
): readonly string[] {
  if (equal.length === 0) return [];
  const groupOf = new Map(equal.flatMap((paths, group) => paths.map((path) => [path, group] as const)));
  const pairs: readonly (readonly [Split, Split])[] = [
    ["train", "test"],
    ["val", "test"],
    ["train", "val"],
  ];
  const show = (path: string) => relative(root, path) || path;
  const shared = pairs.flatMap(([a, b]) => {
    const first = firstOfGroups(splits[a], groupOf);
    const own = new Set(splits[a].map(({ path }) => path));
    const copies = splits[b].flatMap(({ path }) => {
      const other = first.get(groupOf.get(path))?.path;
      return other === undefined || own.has(path) ? [] : [`${show(path)} is ${show(other)}`];
    });
    return copies.length === 0
      ? []
      : [
          `${counted(copies.length, `image of ${b} is a copy`, `images of ${b} are copies`)} of images of ${a} (${copies[0]}${copies.length > 1 ? ", …" : ""}); results on ${b} will look better than they are.`,
        ];
  });
  const all = [...splits.train, ...splits.val, ...splits.test];
  const first = firstOfGroups(all, groupOf);
  const torn = all.flatMap(({ path, label }) => {
    const other = first.get(groupOf.get(path));
    return other === undefined || other.label === label ? [] : [`${show(other.path)} is ${show(path)}`];
  });
  const tornNote = `${counted(torn.length, "image is", "images are")} in two classes with the same content (${torn[0]}${torn.length > 1 ? ", …" : ""}).`;
  return torn.length === 0 ? shared : [...shared, tornNote];
}

function firstOfGroups(
  examples: readonly Example[],
  groupOf: ReadonlyMap<string, number>,
): ReadonlyMap<number | undefined, Example> {
  const first = new Map<number | undefined, Example>();
  for (const example of examples) {
    const group = groupOf.get(example.path);
    if (group !== undefined && !first.has(group)) first.set(group, example);
  }
  return first;
}
