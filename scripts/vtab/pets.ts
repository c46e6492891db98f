/** Oxford-IIIT Pets: JPEG files, listed with their labels in two texts. */

import { join } from "node:path";
import { FileError } from "../../src/errors.ts";
import { showValue } from "../../src/files/show-value.ts";
import { inRange } from "./in-range.ts";
import { checkListed } from "./listed-images.ts";
import { readLines } from "./read-original.ts";
import { type Original, type OriginalFormat, slicesOfTrain, type VtabTask } from "./task.ts";

const classes = 37;

const originals: OriginalFormat = {
  files:
    "images.tar.gz and annotations.tar.gz of https://www.robots.ox.ac.uk/~vgg/data/pets/, extracted: the folders images and annotations lie side by side",
  async open(folder) {
    const images = join(folder, "images");
    const read = (list: string) => readList(join(folder, "annotations", list), images);
    const splits = { train: await read("trainval.txt"), test: await read("test.txt") };
    const names = Object.values(splits).flatMap((pets) => pets.map(({ key }) => key));
    await checkListed(images, { names, list: "a list of annotations", archive: "images.tar.gz" });
    return splits;
  },
};

/**
 * VTAB takes version 3 of TensorFlow Datasets, which keeps every file as it is. Version 4 encodes twelve again as
 * JPEG, two damaged ones and ten that are PNG and GIF files by the name of .jpg; here they stay the original files.
 * Keys and labels are the same in both.
 */
export const petsTasks: readonly VtabTask[] = [
  {
    ...{ name: "oxford_iiit_pet", tfds: "oxford_iiit_pet/3.2.0", folder: "oxford_iiit_pet", classes },
    counts: { train: 3680, test: 3669 },
    slices: slicesOfTrain(3680, 80),
    originals,
  },
];

type Pet = Original & { readonly key: string };

async function readList(path: string, images: string): Promise<readonly Pet[]> {
  return (await readLines(path)).map((line, index) =>
    readLine(line, { where: `${path}: line ${index + 1}`, images }),
  );
}

/** The name of an image without .jpg, its class from 1, its species, its breed within the species. */
function readLine(line: string, { where, images }: { readonly where: string; readonly images: string }): Pet {
  const [, name, number] = /^([\w-]+) (\d{1,2}) \d+ \d+$/.exec(line) ?? [];
  if (name === undefined)
    throw new FileError(
      `${where} is ${showValue(line)}; a name and three numbers are expected. Extract annotations.tar.gz again.`,
    );
  const label = inRange(Number(number), { where: `${where}: the class`, from: 1, to: classes }) - 1;
  const key = `${name}.jpg`;
  return { key, label, image: () => ({ file: join(images, key) }) };
}
