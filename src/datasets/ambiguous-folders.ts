/** Refuses folders that could be classes as well as splits, since training on splits as classes would run without any error. */

import { FileError } from "../errors.ts";
import { quoted } from "./describe-dataset.ts";
import { imageFolders } from "./image-folders.ts";
import type { Folder } from "./list-tree.ts";
import { soundsLikeSplit } from "./split-names.ts";

const names = (folders: readonly Folder[]) => quoted(folders.map(({ name }) => name));
const are = (folders: readonly Folder[], one: string, many: string) => (folders.length === 1 ? one : many);

/** Why the folders that hold images in `root` cannot be taken for classes; undefined where they can. */
export function ambiguityOf(root: string, folders: readonly Folder[]): FileError | undefined {
  const splits = folders.filter(({ name }) => soundsLikeSplit(name) !== undefined);
  const sorted = splits.filter((folder) => imageFolders(folder).length > 0);
  const message =
    (sorted.length > 0 && folders.length > 1 && ambiguousSplits(root, { folders, splits, sorted })) ||
    splitsWithoutClasses(root, { folders, splits }) ||
    interchangeable(root, folders);
  return message ? new FileError(message) : undefined;
}

/** A folder with the name of a split that holds folders of images, beside other folders. */
function ambiguousSplits(
  root: string,
  parts: { folders: readonly Folder[]; splits: readonly Folder[]; sorted: readonly Folder[] },
): string {
  const { folders, splits, sorted } = parts;
  const within = [...new Set(sorted.flatMap((folder) => imageFolders(folder).map(({ name }) => name)))];
  const seen = `${root}: ${names(sorted)} ${are(sorted, "sounds like a split and holds", "sound like splits and hold")} folders of images (${quoted(within)})`;
  const others = folders.filter((folder) => !sorted.includes(folder));
  const flat = others.filter((folder) => splits.includes(folder));
  const first = sorted.find(({ name }) => soundsLikeSplit(name) === "train") ?? sorted[0];
  const alone = first ? `name ${first.path} as the data` : "";
  if (flat.length > 0)
    return `${seen}, but ${names(flat)} ${are(flat, "holds", "hold")} images without class folders. To train on labelled images only, ${alone}; or sort the images of ${names(flat)} into class folders.`;
  if (others.length > 0)
    return `${seen}, beside ${names(others)}. If it is a split, ${alone}, or move the others out of ${root}; if it is a class, move its images out of the folders in it.`;
  return `${seen}. Rename them to train, val and test, or ${alone}.`;
}

/** Training and held-out images, or nothing but splits, without any class folder. */
function splitsWithoutClasses(
  root: string,
  { folders, splits }: { folders: readonly Folder[]; splits: readonly Folder[] },
): string | undefined {
  const kinds = new Set(splits.map(({ name }) => soundsLikeSplit(name)));
  if (kinds.size < 2 && splits.length < folders.length) return undefined;
  const tables = splits.flatMap(({ path, others }) =>
    others.filter((name) => /\.(csv|tsv)$/i.test(name)).map((name) => `${path}/${name}`),
  );
  const hint = tables[0] === undefined ? "" : ` If ${tables[0]} has them, name it as the data.`;
  return `${root}: ${names(splits)} ${are(splits, "sounds like a split, but holds", "sound like splits, but hold")} images without class folders, so their labels are unknown. Sort the images into class folders, or list them in a CSV file with the columns file and label.${hint}`;
}

/** Every folder holds two or more folders of the same names: either level could be the classes. */
function interchangeable(root: string, folders: readonly Folder[]): string | undefined {
  const [first, ...rest] = folders.map((folder) => new Set(imageFolders(folder).map(({ name }) => name)));
  if (first === undefined || rest.length === 0) return undefined;
  const shared = [...first].filter((name) => rest.every((others) => others.has(name)));
  if (shared.length < 2) return undefined;
  return `${root}: ${names(folders)} hold folders of the same names (${quoted(shared)}), so it is not clear which are the classes. If ${quoted(shared)} are, merge them over ${names(folders)}, or name one of these as the data; if ${names(folders)} are, move their images out of the folders in them.`;
}
