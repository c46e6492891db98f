/** DMLab as the authors of VTAB give it: TFRecord files of examples with a JPEG, its name and its label. */

import { join } from "node:path";
import { FileError } from "../../src/errors.ts";
import { listFiles } from "./list-folder.ts";
import { type Original, type OriginalFormat, slicesOfSplits, type VtabTask } from "./task.ts";
import { bytesOf, exampleOf, integerOf, readExample, textOf } from "./tf-example.ts";
import { eachTfRecord } from "./tf-record.ts";

const originals: OriginalFormat = {
  files:
    "the files dmlab-train.tfrecord…, dmlab-validation.tfrecord… and dmlab-test.tfrecord… of https://storage.googleapis.com/dmlab-vtab/dmlab.tar.gz, extracted",
  open: async (folder) => {
    const names = await listFiles(folder);
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
    await eachTfRecord(join(folder, name), (record) => {
      const example = exampleOf(record);
      const [key, label] = [textOf(example, "filename"), integerOf(example, "label")];
      // Read again, as all together have gigabytes.
      const image = async () => ({ bytes: bytesOf(await readExample(record.place), "image") });
      images.push({ key, label, image });
    });
  return images;
}
