/** Caltech-101 against TensorFlow Datasets, of the stand-in whose counts `parity/vtab/make_caltech.py` writes. */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { caltechTasks } from "../../scripts/vtab/caltech.ts";
import type { VtabTask } from "../../scripts/vtab/task.ts";
import { inTfdsOrder } from "../../scripts/vtab/tfds-order.ts";
import { FileError } from "../../src/errors.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { open, sha256, standInOf } from "./stand-in.ts";

const folder = temporaryFolder("caltech");
const [task] = caltechTasks as [VtabTask];
const opened = () => open(task, folder);

interface Split {
  readonly count: number;
  /** `Faces/image_0007.jpg 36`: the key and the label. */
  readonly first: readonly string[];
  /** Of all lines. */
  readonly sha256: string;
}

const expected = JSON.parse(readFileSync(standInOf("caltech.json"), "utf8")) as {
  readonly counts: Readonly<Record<string, number>>;
  readonly splits: Readonly<Record<"train" | "test", Split>>;
};

beforeAll(() => {
  for (const [name, count] of Object.entries(expected.counts)) {
    mkdirSync(join(folder, name));
    for (let number = 1; number <= count; number++)
      writeFileSync(join(folder, name, `image_${String(number).padStart(4, "0")}.jpg`), "");
  }
  writeFileSync(join(folder, "BACKGROUND_Google", "tmp"), "");
});

const lines = async (split: "train" | "test") =>
  inTfdsOrder(split, (await opened())[split] ?? []).map(({ key, label }) => `${key} ${label}`);

it.each(["train", "test"] as const)("is as TensorFlow Datasets has it: %s", async (split) => {
  const read = await lines(split);
  expect(read.slice(0, 40)).toEqual(expected.splits[split].first);
  expect(read).toHaveLength(expected.splits[split].count);
  expect(sha256(read.join("\n"))).toBe(expected.splits[split].sha256);
});

it("gives the files of the originals", async () => {
  for (const originals of Object.values(await opened()))
    for (const { key, image } of originals)
      expect(await image()).toEqual({ file: join(folder, ...String(key).split("/")) });
});

it("is not changed by what desktops leave in folders", async () => {
  const before = await lines("train");
  const left = [".DS_Store", "accordion/.DS_Store", "accordion/Thumbs.db", "accordion/._image_0001.jpg"];
  for (const name of left) writeFileSync(join(folder, name), "");
  expect(await lines("train")).toEqual(before);
  for (const name of left) rmSync(join(folder, name));
});

describe("originals that are damaged", () => {
  it("lack a class", async () => {
    rmSync(join(folder, "yin_yang"), { recursive: true });
    await expect(opened()).rejects.toThrow(
      new FileError(
        `${folder} has 101 folders; Caltech-101 has 102, of which BACKGROUND_Google is one. Extract it again, whole.`,
      ),
    );
  });

  it("have a folder that is no class", async () => {
    mkdirSync(join(folder, "yin_yong"));
    await expect(opened()).rejects.toThrow(
      new FileError(
        `${folder}: its 102 folders are not the classes of Caltech-101: one is missing, and one is of another name. Extract it again, whole.`,
      ),
    );
    rmSync(join(folder, "yin_yong"), { recursive: true });
  });

  it("have a class with too few images", async () => {
    mkdirSync(join(folder, "yin_yang"));
    writeFileSync(join(folder, "yin_yang", "image_0001.jpg"), "");
    await expect(opened()).rejects.toThrow(
      new FileError(
        `${join(folder, "yin_yang")} has 1 images, and 30 of each class are for training. Extract it again, whole.`,
      ),
    );
  });

  it("are missing", async () => {
    rmSync(folder, { recursive: true });
    await expect(opened()).rejects.toThrow(
      `${folder}: there is no such folder. Extract the data set again, whole.`,
    );
  });
});
