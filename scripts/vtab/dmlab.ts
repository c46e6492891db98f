/** DMLab as the authors of VTAB give it: TFRecord files of examples with a JPEG, its name and its label. */

import { join } from "node:path";
import { FileError } from "../../src/errors.ts";
import { listFolder } from "./list-folder.ts";
import { type Original, type OriginalFormat, slicesOfSplits, type VtabTask } from "./task.ts";
import { bytesOf, integerOf, parseTfExample, type TfExample, textOf } from "./tf-example.ts";
import { eachTfRecord, readTfRecord, showPlace, type TfRecord, type TfRecordPlace } from "./tf-record.ts";

const originals: OriginalFormat = {
  files:
    "the files dmlab-train.tfrecord…, dmlab-validation.tfrecord… and dmlab-test.tfrecord… of https://storage.googleapis.com/dmlab-vtab/dmlab.tar.gz, extracted",
  open: async (folder) => {
    const names = (await listFolder(folder)).map(({ name }) => name).sort();
    const read = (split: string) => readSplit(folder, { split, names });
    return { train: await read("train"), validation: await read("validation"), test: await read("test") };
  },
};

export const dmlabTasks: readonly VtabTask[] = [
  {
    ...{ name: "dmlab", tfds: "dmlab/2.0.1", folder: "dmlab", classes: 6 },
    counts: { train: 65_550, validation: 22_628, test: 22_735 },
    slices: slicesOfSplits,
    originals,
  },
];

async function readSplit(
  folder: string,
  { split, names }: { readonly split: string; readonly names: readonly string[] },
): Promise<readonly Original[]> {
  const start = `dmlab-${split}.tfrecord`;
  const found = names.filter((name) => name.startsWith(start));
  if (found.length === 0)
    throw new FileError(
      `${folder} has no file whose name begins with ${start}. Extract dmlab.tar.gz again, whole.`,
    );
  const images: Original[] = [];
  for (const name of found)
    await eachTfRecord(join(folder, name), ({ place, data }) => {
      const example = exampleOf({ place, data });
      const [key, label] = [textOf(example, "filename"), integerOf(example, "label")];
      images.push({ key, label, image: () => readImage(place) });
    });
  return images;
}

const exampleOf = ({ place, data }: TfRecord): TfExample =>
  parseTfExample({ bytes: data, where: showPlace(place) });

/** Read again, as all together have gigabytes. */
async function readImage(place: TfRecordPlace): Promise<{ readonly bytes: Uint8Array }> {
  return { bytes: bytesOf(exampleOf({ place, data: await readTfRecord(place) }), "image") };
}
