/** CLEVR against TensorFlow Datasets and VTAB, of the stand-in that `parity/vtab/make_clevr.py` makes. */

import { cpSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { clevrTasks } from "../../scripts/vtab/clevr.ts";
import type { VtabTask } from "../../scripts/vtab/task.ts";
import { FileError } from "../../src/errors.ts";
import { copyStandIn, expectedOf, open, rowsOf, standInOf } from "./stand-in.ts";

const golden = standInOf("clevr");
const [count] = clevrTasks as [VtabTask];

it.each(clevrTasks)("is as TensorFlow Datasets and VTAB have it: $name", async (task) => {
  const rows = await rowsOf(task, golden);
  expect(Object.keys(rows)).toEqual(["train", "validation"]);
  expect(rows).toEqual(expectedOf("clevr", task.name));
});

describe("originals that are damaged", () => {
  const folder = copyStandIn("clevr");
  const scenes = join(folder, "scenes/CLEVR_train_scenes.json");
  const images = join(folder, "images/train");

  async function messageAfter(damage: () => void): Promise<unknown> {
    cpSync(golden, folder, { recursive: true });
    damage();
    const error = await open(count, folder).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(FileError);
    return (error as FileError).message;
  }

  it("lack an image in the middle", async () => {
    expect(await messageAfter(() => rmSync(join(images, "CLEVR_train_000003.png")))).toBe(
      `${scenes}: scene 3 is that of CLEVR_train_000003.png, but ${images} has CLEVR_train_000004.png at its place. Extract both again, whole.`,
    );
  });

  it("lack the last image", async () => {
    expect(await messageAfter(() => rmSync(join(images, "CLEVR_train_000019.png")))).toBe(
      `${scenes}: scene 19 is that of CLEVR_train_000019.png, but ${images} has nothing at its place. Extract both again, whole.`,
    );
  });

  it("have an image too many", async () => {
    const more = join(images, "CLEVR_train_000020.png");
    expect(await messageAfter(() => writeFileSync(more, ""))).toBe(
      `${scenes} has 20 scenes, and ${images} has 21 images. Extract both again, whole.`,
    );
    rmSync(more);
  });

  it("have scenes cut short", async () => {
    expect(await messageAfter(() => truncateSync(scenes, 2_000))).toBe(
      `${scenes} ends before its scenes do. It is cut short; extract it again.`,
    );
  });

  it("have a scene without coordinates", async () => {
    const damaged = readFileSync(join(golden, "scenes/CLEVR_train_scenes.json"), "utf8").replace(
      "pixel_coords",
      "pixels",
    );
    expect(await messageAfter(() => writeFileSync(scenes, damaged))).toBe(
      `${scenes}: scene 0 has no image_filename, or an object without three pixel_coords. Extract it again.`,
    );
  });

  it("have no images", async () => {
    expect(await messageAfter(() => rmSync(images, { recursive: true }))).toBe(
      `${images}: there is no such folder. Extract the data set again, whole.`,
    );
  });
});
