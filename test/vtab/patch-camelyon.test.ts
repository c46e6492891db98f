/** PatchCamelyon: a stand-in, read as VTAB reads it, and damaged ones. */

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { patchCamelyonTasks } from "../../scripts/vtab/patch-camelyon.ts";
import type { VtabTask } from "../../scripts/vtab/task.ts";
import { FileError, InputError } from "../../src/errors.ts";
import { copyStandIn, expectedOf, open, rowsOf, standInOf } from "./stand-in.ts";

const [task] = patchCamelyonTasks as [VtabTask];
const fileOf = (part: string) => `camelyonpatch_level_2_split_${part}.h5`;
const original = (part: string) => readFileSync(join(standInOf("patch-camelyon"), fileOf(part)));

/** A copy in which this file has these bytes, or is not there. */
function copyWith(part: string, bytes?: Uint8Array): string {
  const folder = copyStandIn("patch-camelyon");
  if (bytes) writeFileSync(join(folder, fileOf(part)), bytes);
  else rmSync(join(folder, fileOf(part)));
  return folder;
}

/** The last byte of a file in one piece is its last value. */
function withLastByte(bytes: Uint8Array, value: number): Uint8Array {
  const changed = Uint8Array.from(bytes);
  changed[changed.length - 1] = value;
  return changed;
}

describe("PatchCamelyon", () => {
  it("gives patches as VTAB does", async () => {
    expect(await rowsOf(task, standInOf("patch-camelyon"))).toEqual(expectedOf("patch-camelyon"));
  });

  it("gives colours of 96 by 96", async () => {
    const { validation = [] } = await open(task, standInOf("patch-camelyon"));
    const image = await validation[0]?.image();
    expect(image).toMatchObject({ width: 96, height: 96, channels: 3 });
    expect(image && "pixels" in image && image.pixels.length).toBe(96 * 96 * 3);
  });

  it("names a file that is missing", async () => {
    const folder = copyWith("valid_y");
    await expect(open(task, folder)).rejects.toThrow(InputError);
    await expect(open(task, folder)).rejects.toThrow(`${fileOf("valid_y")}: there is no such file.`);
  });

  it.each<[string, string, Uint8Array, string]>([
    ["cut", "test_x", original("test_x").subarray(0, 4000), "truncated file"],
    ["empty", "test_x", new Uint8Array(), "cannot be read as HDF5"],
    ["gzipped", "train_x", Uint8Array.of(0x1f, 0x8b, 8, 0), "Download and unpack it again"],
    ["of-labels", "train_x", original("train_y"), 'there is no array "x"; it has ["y"]'],
    ["of-patches", "train_y", original("train_x"), 'there is no array "y"; it has ["x"]'],
    ["of-others", "test_y", original("train_y"), "has 13 patches, and"],
    [
      "no-label",
      "train_y",
      withLastByte(original("train_y"), 2),
      "the label in row 15 is 2; 0 to 1 are expected",
    ],
  ])("refuses a file that is %s", async (_, part, bytes, message) => {
    const problem = await open(task, copyWith(part, bytes)).catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(FileError);
    expect((problem as Error).message).toContain(fileOf(part));
    expect((problem as Error).message).toContain(message);
  });

  it("refuses a patch whose bytes do not inflate", async () => {
    const bytes = Uint8Array.from(original("valid_x"));
    bytes.fill(0x55, bytes.length - 120);
    const { validation = [] } = await open(task, copyWith("valid_x", bytes));
    expect(() => validation.at(-1)?.image()).toThrow(FileError);
    expect(() => validation.at(-1)?.image()).toThrow(fileOf("valid_x"));
  });
});
