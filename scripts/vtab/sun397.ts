/**
 * SUN397: files in folders of classes, and lists that divide them. TensorFlow Datasets shrinks its images to 120,000
 * pixels and encodes them as JPEG again, which loses detail; here each is as its authors give it.
 */

import { basename, dirname, join } from "node:path";
import { FileError, InputError } from "../../src/errors.ts";
import { exists } from "../../src/files/exists.ts";
import { showValue } from "../../src/files/show-value.ts";
import { decodeImage } from "../../src/images/decode.ts";
import { sniffImage } from "../../src/images/sniff-image.ts";
import { needed } from "../../src/needed.ts";
import { checkListed, labelsOf } from "./listed-images.ts";
import { readHead, readLines } from "./read-original.ts";
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
    const all = [...train, ...validation, ...test];
    const labels = labelsOf(all);
    await checkListed(folder, {
      names: all,
      list: "a list of TensorFlow Datasets",
      archive: "SUN397.tar.gz",
    });
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
  const names = await readLines(path);
  const odd = names.find((name) => !/^(\/\w+){2,}\.jpg$/.test(name));
  if (odd !== undefined)
    throw new FileError(
      `${path} has the line ${showValue(odd)}; a name such as /a/abbey/sun_aaaulhwrhqgejnyt.jpg was expected. Download the file itself, not its page, from ${listsAddress}.`,
    );
  return names.filter((name) => name !== ignored);
}

function originalOf(
  name: string,
  { folder, labels }: { readonly folder: string; readonly labels: ReadonlyMap<string, number> },
): Original {
  const label = needed(labels.get(dirname(name)), `label of ${name}`);
  return { key: name, label, image: () => readImage(join(folder, name)) };
}

/** Whatever their names say, some are PNG files, which are kept too, and some BMP or GIF, whose pixels are. */
async function readImage(file: string): Promise<OriginalImage> {
  const kind = sniffImage(await readHead(file));
  if (kind === "JPEG" || kind === "PNG") return { file };
  return { ...(await decodeImage(file)), channels: 3 };
}
