/** dSprites: a stand-in, read as VTAB reads it, and damaged ones. */

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { dspritesTasks } from "../../scripts/vtab/dsprites.ts";
import type { VtabTask } from "../../scripts/vtab/task.ts";
import { FileError, InputError } from "../../src/errors.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { expectedOf, open, rowsOf, standInOf } from "./stand-in.ts";

const fileName = "dsprites_ndarray_co1sh3sc6or40x32y32_64x64.npz";
const scratch = temporaryFolder("dsprites");
const [location, orientation] = dspritesTasks as [VtabTask, VtabTask];

/** A folder with a file of these bytes. */
function folderOf(name: string, bytes: Uint8Array): string {
  const folder = join(scratch, name);
  mkdirSync(folder);
  writeFileSync(join(folder, fileName), bytes);
  return folder;
}

function npy(descr: string, shape: readonly number[], data: Uint8Array): Uint8Array {
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': (${shape.join(", ")}), }`;
  const header = `${text.padEnd(117)}\n`;
  return Buffer.concat([
    Buffer.from([0x93, ...Buffer.from("NUMPY"), 1, 0, header.length, 0]),
    Buffer.from(header, "latin1"),
    data,
  ]);
}

const factorsOf = (...rows: readonly (readonly bigint[])[]) =>
  npy("<i8", [rows.length, 6], new Uint8Array(BigInt64Array.from(rows.flat()).buffer));

const oneRow = factorsOf([0n, 0n, 0n, 39n, 31n, 0n]);
const white = npy("|u1", [1, 64, 64], new Uint8Array(4096).fill(1));

const npzOf = (name: string, arrays: { imgs?: Uint8Array; latents_classes?: Uint8Array }) =>
  folderOf(
    name,
    zipSync(Object.fromEntries(Object.entries(arrays).map(([key, data]) => [`${key}.npy`, data]))),
  );

describe("dSprites", () => {
  it.each(dspritesTasks)("gives $name as VTAB does", async (task) => {
    expect(await rowsOf(task, standInOf("dsprites"))).toEqual(expectedOf("dsprites", task.name));
  });

  it("slices as VTAB does", () => {
    expect(location.slices).toEqual({
      train800: { split: "train", from: 0, to: 800 },
      val200: { split: "train", from: 589_824, to: 590_024 },
      test: { split: "train", from: 663_552 },
    });
  });

  it("gives black and white pixels, and the last class", async () => {
    const folder = npzOf("white", { imgs: white, latents_classes: oneRow });
    const [first] = (await open(orientation, folder)).train ?? [];
    expect(first?.label).toBe(15);
    expect(await first?.image()).toEqual({
      ...{ pixels: new Uint8Array(4096).fill(255), width: 64, height: 64, channels: 1 },
    });
  });

  it("names a file that is missing", async () => {
    await expect(open(location, scratch)).rejects.toThrow(InputError);
    await expect(open(location, scratch)).rejects.toThrow(`${fileName}: there is no such file.`);
  });

  const whole = readFileSync(join(standInOf("dsprites"), fileName));
  const arrayOfOthers = npy("<f4", [1, 64, 64], new Uint8Array(4096 * 4));
  it.each<[string, () => string, string]>([
    ["cut", () => folderOf("cut", whole.subarray(0, 900)), "cut short"],
    ["no-zip", () => folderOf("no-zip", new Uint8Array(200)), "not a zip file"],
    ["no-classes", () => npzOf("no-classes", { imgs: white }), 'no array "latents_classes"'],
    ["no-npy", () => npzOf("no-npy", { latents_classes: new Uint8Array(99) }), "not a .npy array"],
    [
      "short-npy",
      () => npzOf("short-npy", { latents_classes: oneRow.subarray(0, 60) }),
      "ends inside its header",
    ],
    [
      "few-values",
      () => npzOf("few-values", { latents_classes: oneRow.subarray(0, -8) }),
      "which are 48 bytes, but 40",
    ],
    [
      "many",
      () => npzOf("many", { latents_classes: npy("<i8", [2_000_000, 6], new Uint8Array()) }),
      "claims 2000000 rows",
    ],
    [
      "class",
      () => npzOf("class", { latents_classes: factorsOf([0n, 0n, 0n, 0n, 32n, 0n]) }),
      "latents_classes, row 0, column 4, is 32; 0 to 31",
    ],
    [
      "negative",
      () => npzOf("negative", { latents_classes: factorsOf([0n, 0n, 0n, 0n, -1n, 0n]) }),
      "row 0, column 4, is -1; 0 to 31",
    ],
  ])("refuses factors that are %s", async (_, folder, message) => {
    const problem = await open(location, folder()).catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(FileError);
    expect((problem as Error).message).toContain(fileName);
    expect((problem as Error).message).toContain(message);
  });

  it.each<[string, Uint8Array | undefined, string]>([
    ["not there", undefined, 'no array "imgs"'],
    ["of another type", arrayOfOthers, "rows of [64, 64] of |u1 are expected"],
    [
      "more than the factors",
      npy("|u1", [2, 64, 64], new Uint8Array(8192)),
      "imgs has 2 rows, and latents_classes 1",
    ],
    ["grey", npy("|u1", [1, 64, 64], new Uint8Array(4096).fill(2)), "values other than 0 and 1"],
  ])("refuses sprites that are %s", async (name, imgs, message) => {
    const folder = npzOf(name, { ...(imgs && { imgs }), latents_classes: oneRow });
    const [first] = (await open(location, folder)).train ?? [];
    const problem = await Promise.resolve(first?.image()).catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(FileError);
    expect((problem as Error).message).toContain(message);
  });

  it("refuses sprites whose checksum is another", async () => {
    const bytes = zipSync({ "imgs.npy": white, "latents_classes.npy": oneRow }, { level: 0 });
    // Inside the first array, whose bytes are stored.
    bytes[2000] = 0;
    const [first] = (await open(location, folderOf("checksum", bytes))).train ?? [];
    await expect(first?.image()).rejects.toThrow("fails its checksum");
  });
});
