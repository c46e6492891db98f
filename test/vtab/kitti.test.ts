/** KITTI against TensorFlow Datasets and VTAB, of the stand-in that `parity/vtab/make_kitti.py` makes. */

import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { kittiTasks } from "../../scripts/vtab/kitti.ts";
import type { VtabTask } from "../../scripts/vtab/task.ts";
import { InputError, RlrrError } from "../../src/errors.ts";
import { showValue } from "../../src/files/show-value.ts";
import { type BytesOf, copyStandIn, expectedOf, open, rowsOf, standInOf } from "./stand-in.ts";

const golden = standInOf("kitti");
const [task] = kittiTasks as [VtabTask];

/** TensorFlow Datasets encodes images again. */
const pixelsOf: BytesOf = async (image) =>
  sharp((image as { readonly file: string }).file)
    .raw()
    .toBuffer();

it("is as TensorFlow Datasets and VTAB have it", async () => {
  expect(await rowsOf(task, golden, pixelsOf)).toEqual(expectedOf("kitti"));
});

describe("originals that are damaged", () => {
  const folder = copyStandIn("kitti");
  const label = join(folder, "training/label_2/000001.txt");
  const mapping = join(folder, "mapping/train_mapping.txt");
  const order = join(folder, "mapping/train_rand.txt");
  const object = "Car 0.00 0 -1.57 1.00 1.00 4.00 4.00 1.65 1.67 3.64 -0.65 1.71 8.00 -1.59";
  const kinds = "Car, Van, Truck, Pedestrian, Person_sitting, Cyclist, Tram, Misc or DontCare";

  async function messageAfter(damage: () => void): Promise<string> {
    cpSync(golden, folder, { recursive: true });
    damage();
    const error = await open(task, folder).catch((caught: unknown) => caught);
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
      `${label}: ${showValue(line)} is no object; one of ${kinds}, then 14 numbers, are expected. Extract data_object_label_2.zip again.`,
    );
  });

  it.each(["0", "41", "-1", "1.5", "", "7 8", "x".repeat(100)])(
    "name no line for an image: %s",
    async (text) => {
      expect(await messageAfter(() => writeFileSync(order, `40,${text},3\n`))).toBe(
        `${order}: for image 1 it has ${showValue(text)}, which is the number of no line of ${mapping}. Extract devkit_object.zip again.`,
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
      `${image}: there is no such file, but it is in mapping/train_rand.txt. Extract data_object_image_2.zip again, whole.`,
    );
  });

  it.each([label, mapping, order])("lack a file: %s", async (path) => {
    expect(await messageAfter(() => rmSync(path))).toBe(
      new InputError(`${path}: there is no such file.`).message,
    );
  });
});

it("reads lines that end as in Windows", async () => {
  const folder = copyStandIn("kitti");
  for (const file of ["mapping/train_mapping.txt", "training/label_2/000001.txt"])
    writeFileSync(join(folder, file), readFileSync(join(golden, file), "utf8").replaceAll("\n", "\r\n"));
  const labels = async (where: string) => JSON.stringify(await open(task, where)).replaceAll(where, "");
  expect(await labels(folder)).toBe(await labels(golden));
});
