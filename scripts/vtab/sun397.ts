/**
 * SUN397: files in folders of classes, and lists that divide them. TensorFlow Datasets shrinks its images to 120,000
 * pixels and encodes them as JPEG again, which loses detail; here each is as its authors give it.
 */

import { basename, join } from "node:path";
import { FileError, InputError } from "../../src/errors.ts";
import { exists } from "../../src/files/exists.ts";
import { readExactly, withFile } from "../../src/files/read-file.ts";
import { decodeImage } from "../../src/images/decode.ts";
import { sniffImage } from "../../src/images/sniff-image.ts";
import { needed } from "../../src/needed.ts";
import { listFolder } from "./list-folder.ts";
import { readOriginal } from "./read-original.ts";
import {
  type Original,
  type OriginalFormat,
  type OriginalImage,
  slicesOfSplits,
  type VtabTask,
} from "./task.ts";

const listsAddress =
  "https://github.com/tensorflow/datasets/tree/master/tensorflow_datasets/image_classification";
const lists = {
  train: "sun397_tfds_tr.txt",
  validation: "sun397_tfds_va.txt",
  test: "sun397_tfds_te.txt",
} as const;

/** In a list, but damaged: TensorFlow Datasets leaves it out. */
const ignored = "/t/track/outdoor/sun_aophkoiosslinihb.jpg";

const originals: OriginalFormat = {
  files: `that of SUN397.tar.gz, extracted (https://vision.princeton.edu/projects/2010/SUN/): a/abbey/sun_aaaulhwrhqgejnyt.jpg and so on; and beside its folders a to y the lists ${Object.values(lists).join(", ")} of ${listsAddress}. Its images stay as large as they are, where TensorFlow Datasets shrinks them to 120,000 pixels and encodes them again`,
  open: async (folder) => {
    const read = (list: string) => readList(join(folder, list));
    const [train, validation, test] = [
      await read(lists.train),
      await read(lists.validation),
      await read(lists.test),
    ];
    const labels = labelsOf([train, validation, test].flat());
    await checkImages(folder, [...train, ...validation, ...test]);
    const toOriginals = (names: readonly string[]) =>
      names.map((name) => originalOf(name, { folder, labels }));
    return { train: toOriginals(train), validation: toOriginals(validation), test: toOriginals(test) };
  },
};

export const sun397Tasks: readonly VtabTask[] = [
  {
    ...{ name: "sun397", tfds: "sun397/tfds/4.0.0", folder: "SUN397", classes: 397 },
    // The list of train has one more, which is left out: its place, the 66,482nd, is far behind those that are taken.
    counts: { train: [76_127, 76_128], validation: 10_875, test: 21_750 },
    slices: slicesOfSplits,
    originals,
  },
];

/** Names such as `/a/abbey/sun_aaaulhwrhqgejnyt.jpg`, one a line. */
async function readList(path: string): Promise<readonly string[]> {
  if (!(await exists(path)))
    throw new InputError(
      `${path}: there is no such file. Download ${basename(path)} from ${listsAddress} to that place.`,
    );
  const lines = Buffer.from(await readOriginal(path))
    .toString()
    .split("\n");
  const names = lines.map((line) => line.trim()).filter((line) => line !== "");
  const odd = names.find((name) => !/^(\/\w+){2,}\.jpg$/.test(name));
  if (odd !== undefined)
    throw new FileError(
      `${path} has the line ${JSON.stringify(odd.slice(0, 80))}; a name such as /a/abbey/sun_aaaulhwrhqgejnyt.jpg was expected. Download the file itself, not its page, from ${listsAddress}.`,
    );
  return names.filter((name) => name !== ignored);
}

const classOf = (name: string): string => name.slice(0, name.lastIndexOf("/"));

/** TensorFlow Datasets numbers the classes by their names. */
const labelsOf = (names: readonly string[]): ReadonlyMap<string, number> =>
  new Map([...new Set(names.map(classOf))].sort().map((name, label) => [name, label]));

async function checkImages(folder: string, names: readonly string[]): Promise<void> {
  const inClasses = new Map<string, ReadonlySet<string>>();
  for (const name of new Set(names.map(classOf)))
    inClasses.set(name, new Set((await listFolder(join(folder, name))).map((entry) => entry.name)));
  const missing = names.find((name) => !inClasses.get(classOf(name))?.has(basename(name)));
  if (missing !== undefined)
    throw new FileError(
      `${join(folder, missing)}: there is no such file, but it is in a list of TensorFlow Datasets. Extract SUN397.tar.gz again, whole.`,
    );
}

function originalOf(
  name: string,
  { folder, labels }: { readonly folder: string; readonly labels: ReadonlyMap<string, number> },
): Original {
  const label = needed(labels.get(classOf(name)), `label of ${name}`);
  return { key: name, label, image: () => readImage(join(folder, name)) };
}

/** Whatever their names say, some are PNG files, which are kept too, and some BMP or GIF, whose pixels are. */
async function readImage(file: string): Promise<OriginalImage> {
  const head = await withFile(file, async (handle) => {
    const { size } = await handle.stat();
    return readExactly(handle, { path: file, offset: 0, length: Math.min(size, 64) });
  });
  const kind = sniffImage(head);
  if (kind === "JPEG" || kind === "PNG") return { file };
  return { ...(await decodeImage(file)), channels: 3 };
}
