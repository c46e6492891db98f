/** KITTI against TensorFlow Datasets and VTAB, of the stand-in that `parity/vtab/make_kitti.py` makes. */

import { createHash } from "node:crypto";
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { kittiTasks } from "../../scripts/vtab/kitti.ts";
import type { OriginalFormat, VtabTask } from "../../scripts/vtab/task.ts";
import { inTfdsOrder } from "../../scripts/vtab/tfds-order.ts";
import { InputError, RlrrError } from "../../src/errors.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const golden = fileURLToPath(new URL("../golden/vtab/kitti", import.meta.url));
const [task] = kittiTasks as [VtabTask];
const open = (folder: string) => (task.originals as OriginalFormat).open(folder);

const expected = JSON.parse(readFileSync(join(golden, "expected.json"), "utf8")) as Record<
  string,
  readonly object[]
>;

it.each(["train", "validation", "test"])("is as TensorFlow Datasets and VTAB have it: %s", async (split) => {
  const originals = await open(golden);
  const rows = inTfdsOrder(split, originals[split] ?? []).map(async ({ key, label, image }) => {
    const { file } = (await image()) as { readonly file: string };
    const pixels = await sharp(file).raw().toBuffer();
    return { key, label, pixels: createHash("sha256").update(pixels).digest("hex") };
  });
  expect(await Promise.all(rows)).toEqual(expected[split]);
});

describe("originals that are damaged", () => {
  const folder = temporaryFolder("kitti");
  const label = join(folder, "training/label_2/000001.txt");
  const mapping = join(folder, "mapping/train_mapping.txt");
  const order = join(folder, "mapping/train_rand.txt");
  const object = "Car 0.00 0 -1.57 1.00 1.00 4.00 4.00 1.65 1.67 3.64 -0.65 1.71 8.00 -1.59";
  const kinds = "Car, Van, Truck, Pedestrian, Person_sitting, Cyclist, Tram, Misc or DontCare";

  async function messageAfter(damage: () => void): Promise<string> {
    cpSync(golden, folder, { recursive: true });
    damage();
    const error = await open(folder).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(RlrrError);
    return (error as RlrrError).message;
  }

  it.each([
    object.replace("Car", "Horse"),
    object.replace("Car", "car"),
    object.replace(" -1.59", ""),
    `${object} 0.98`,
    object.replace("8.00", "far"),
    object.replace("8.00", "8.00m"),
    object.replace("8.00", ""),
    object.replace("8.00", "Infinity"),
    "",
  ])("have a line that is no object: %s", async (line) => {
    expect(await messageAfter(() => writeFileSync(label, `${object}\n${line}\n`))).toBe(
      `${label}: ${JSON.stringify(line)} is no object; one of ${kinds}, then 14 numbers, are expected. Extract data_object_label_2.zip again.`,
    );
  });

  it.each(["0", "41", "-1", "1.5", "", "7 8", "x".repeat(100)])(
    "name no line for an image: %s",
    async (text) => {
      expect(await messageAfter(() => writeFileSync(order, `40,${text},3\n`))).toBe(
        `${order}: for image 1 it has ${JSON.stringify(text.slice(0, 40))}, which is the number of no line of ${mapping}. Extract devkit_object.zip again.`,
      );
    },
  );

  it("name no video", async () => {
    expect(await messageAfter(() => writeFileSync(mapping, "2011_09_26\n".repeat(40)))).toBe(
      `${mapping}: "2011_09_26" names no video; a date, a video and a frame are expected. Extract devkit_object.zip again.`,
    );
  });

  it("lack an image", async () => {
    const image = join(folder, "training/image_2/000007.png");
    expect(await messageAfter(() => rmSync(image))).toBe(
      `${image} is missing, but mapping/train_rand.txt counts it. Extract data_object_image_2.zip again.`,
    );
  });

  it.each([label, mapping, order])("lack a file: %s", async (path) => {
    expect(await messageAfter(() => rmSync(path))).toBe(
      new InputError(`${path}: there is no such file.`).message,
    );
  });
});

it("reads lines that end as in Windows", async () => {
  const folder = temporaryFolder("kitti windows");
  cpSync(golden, folder, { recursive: true });
  for (const file of ["mapping/train_mapping.txt", "training/label_2/000001.txt"])
    writeFileSync(join(folder, file), readFileSync(join(golden, file), "utf8").replaceAll("\n", "\r\n"));
  const labels = async (where: string) => JSON.stringify(await open(where)).replaceAll(where, "");
  expect(await labels(folder)).toBe(await labels(golden));
});
