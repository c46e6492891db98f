/** Oxford Flowers 102: JPEG files, with labels and splits in MATLAB arrays. */

import { join } from "node:path";
import { FileError } from "../../src/errors.ts";
import { inRange } from "./in-range.ts";
import { checkListed } from "./listed-images.ts";
import { type MatValues, readMatFile } from "./mat-file.ts";
import { type Original, type OriginalFormat, slicesOfSplits, type VtabTask } from "./task.ts";

const classes = 102;

const originals: OriginalFormat = {
  files:
    "102flowers.tgz, imagelabels.mat and setid.mat of https://www.robots.ox.ac.uk/~vgg/data/flowers/102/; the first is extracted, so that the folder jpg lies beside the two others",
  async open(folder) {
    const labelsPath = join(folder, "imagelabels.mat");
    const setPath = join(folder, "setid.mat");
    const { labels } = await readMatFile(labelsPath, ["labels"]);
    const { trnid, valid, tstid } = await readMatFile(setPath, ["trnid", "valid", "tstid"]);
    const images = join(folder, "jpg");
    const read = ({ values }: { readonly values: MatValues }) =>
      Array.from(values, (id) => readFlower(id, { labels: labels.values, images, setPath, labelsPath }));
    const splits = { train: read(trnid), validation: read(valid), test: read(tstid) };
    const names = Object.values(splits).flatMap((flowers) => flowers.map(({ key }) => key));
    await checkListed(images, { names, list: "setid.mat", archive: "102flowers.tgz" });
    return splits;
  },
};

export const flowersTasks: readonly VtabTask[] = [
  {
    ...{ name: "oxford_flowers102", tfds: "oxford_flowers102/2.1.1", folder: "oxford_flowers102", classes },
    // Of the data set's own page: ten images of each class train, ten validate.
    counts: { train: 1020, validation: 1020, test: 6149 },
    slices: slicesOfSplits,
    originals,
  },
];

interface Lists {
  readonly labels: MatValues;
  readonly images: string;
  readonly setPath: string;
  readonly labelsPath: string;
}

/** Images and labels count from 1. */
function readFlower(
  id: number,
  { labels, images, setPath, labelsPath }: Lists,
): Original & { readonly key: string } {
  const value = labels[id - 1];
  if (value === undefined)
    throw new FileError(
      `${setPath} names image ${id}; ${labelsPath} has labels of images 1 to ${labels.length}. Download both again.`,
    );
  const label =
    inRange(value, { where: `${labelsPath}: the label of image ${id}`, from: 1, to: classes }) - 1;
  const key = `image_${String(id).padStart(5, "0")}.jpg`;
  return { key, label, image: () => ({ file: join(images, key) }) };
}
