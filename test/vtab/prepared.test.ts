/** What TensorFlow Datasets has prepared is read as TensorFlow Datasets and VTAB read it: records in order, labels, pixels. */

import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { openPrepared, type Prepared } from "../../scripts/vtab/prepared.ts";
import { preparedTasks } from "../../scripts/vtab/prepared-tasks.ts";
import { clevrCount, clevrDistance, grouped, kittiDistance } from "../../scripts/vtab/scene-labels.ts";
import { type Original, slicesOfSplits, type VtabTask } from "../../scripts/vtab/task.ts";
import { tasks } from "../../scripts/vtab/tasks.ts";
import type { TfExample, TfFeature } from "../../scripts/vtab/tf-example.ts";
import { eachTfRecord, type TfRecordPlace, tfRecordPlaces } from "../../scripts/vtab/tf-record.ts";
import { needed } from "../../src/needed.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { expectedOf, expectedTasks, type Row, sha256, standInOf } from "./stand-in.ts";

const golden = standInOf("prepared");
const taskNames = expectedTasks("prepared");

/** `sha256` is that of the image as it is stored. */
interface PreparedRow extends Row {
  readonly shape: readonly number[];
  readonly pixels: string;
}
const expectedRows = (task: string) => expectedOf<PreparedRow>("prepared", task);

/** Every data set has one version. */
const whereOf = (task: string): string => {
  const above = join(golden, needed(preparedTasks[task], task).folder);
  return join(above, needed(readdirSync(above)[0], above));
};

const parent = temporaryFolder("prepared");
let copies = 0;

/** A folder with a copy of one data set. */
function copyOf(dataset: string): string {
  const folder = join(parent, String(copies++));
  cpSync(join(golden, dataset), join(folder, dataset), { recursive: true });
  return folder;
}

const trainFile = (folder: string, index: number): string =>
  join(folder, "cifar100", "3.0.2", `cifar100-train.tfrecord-0000${index}-of-00003`);

/** A task of which `openPrepared` reads the name and the splits. */
const taskOf = (name: string, splits: readonly string[] = Object.keys(expectedRows(name))): VtabTask => ({
  ...{ name, tfds: name, folder: name, classes: 1000, slices: slicesOfSplits },
  counts: Object.fromEntries(splits.map((split) => [split, 0])),
});

async function opened(folder: string, task: VtabTask): Promise<Prepared> {
  const prepared = await openPrepared(folder, task);
  if (!prepared) throw new Error(`${task.name} is not in ${folder}`);
  return prepared;
}

/** VTAB repeats grey three times. */
const inColour = (pixels: Uint8Array, channels: number): Uint8Array =>
  channels === 3
    ? pixels
    : Uint8Array.from({ length: 3 * pixels.length }, (_, at) => pixels[Math.floor(at / 3)] ?? 0);

/** What there is to compare: pixels, except of JPEGs, which decoders round differently, and the stored bytes where kept. */
async function rowOf(original: Original): Promise<Omit<Partial<PreparedRow>, "key">> {
  const { label } = original;
  const image = await original.image();
  if ("pixels" in image) {
    const { pixels, width, height, channels } = image;
    return { label, shape: [height, width, 3], pixels: sha256(inColour(pixels, channels)) };
  }
  if (!("bytes" in image)) throw new Error("neither pixels nor bytes");
  const stored = { label, sha256: sha256(image.bytes) };
  if (image.bytes[0] === 0xff) return stored;
  const { data, info } = await sharp(image.bytes).raw().toBuffer({ resolveWithObject: true });
  const pixels = sha256(inColour(data, info.channels));
  return { ...stored, shape: [info.height, info.width, 3], pixels };
}

describe("openPrepared", () => {
  it.each(taskNames)("reads %s as VTAB does", async (name) => {
    const splits = expectedRows(name);
    const prepared = await opened(golden, taskOf(name));
    expect(prepared.where).toBe(whereOf(name));
    expect(Object.keys(prepared.splits)).toEqual(Object.keys(splits));
    for (const [split, rows] of Object.entries(splits)) {
      const originals = (await prepared.splits[split]?.slice(0)) ?? [];
      expect(prepared.splits[split]?.length).toBe(rows.length);
      const found = await Promise.all(originals.map(rowOf));
      expect(found).toHaveLength(rows.length);
      for (const [at, row] of found.entries()) expect(rows[at]).toMatchObject(row);
      expect(originals.map(({ key }) => key)).toEqual(rows.map(({ key }) => key));
    }
  });

  it("has a golden for each of the 19 tasks, and a row for those there are", () => {
    expect(taskNames).toHaveLength(19);
    expect(Object.keys(preparedTasks).sort()).toEqual([...taskNames].sort());
    for (const { name, tfds } of tasks) {
      const row = preparedTasks[name];
      expect(tfds.replace(/\/[^/]*$/, "")).toBe(row?.folder);
      expect(row?.majors).toContain(Number(tfds.replace(/.*\/|\..*/g, "")));
    }
  });

  it("keeps grey images grey, black at 0 and white at 255", async () => {
    const sprites = await opened(golden, taskOf("dsprites_loc"));
    const image = await (await sprites.splits.train?.slice(0, 1))?.[0]?.image();
    if (!image || !("pixels" in image)) throw new Error("no pixels");
    expect(image.channels).toBe(1);
    expect([...new Set(image.pixels)].sort()).toEqual([0, 255]);
    const norb = await (await opened(golden, taskOf("smallnorb_azi"))).splits.train?.slice(0, 1);
    const grey = await norb?.[0]?.image();
    if (!grey || !("bytes" in grey)) throw new Error("no bytes");
    expect((await sharp(grey.bytes).metadata()).channels).toBe(1);
  });

  it("takes a part of a split across its files, and reads no others", async () => {
    const folder = copyOf("cifar100");
    const { train: rows = [] } = expectedRows("cifar");
    const { splits } = await opened(folder, taskOf("cifar"));
    const part = (await splits.train?.slice(3, 6)) ?? [];
    expect(part.map(({ label }) => label)).toEqual(rows.slice(3, 6).map(({ label }) => label));
    rmSync(trainFile(folder, 2));
    expect(await splits.train?.slice(0, 9)).toHaveLength(9);
    expect(await splits.train?.slice(5, 5)).toEqual([]);
    await expect(splits.train?.slice(0)).rejects.toThrow(`${trainFile(folder, 2)}: there is no such file.`);
  });

  it("takes the newest version that it may", async () => {
    const folder = copyOf("kitti");
    const version = (name: string) => join(folder, "kitti", name);
    for (const name of ["3.10.0", "3.9.0", "2.0.0", "4.0.0", "3.11.0.incompleteA1"])
      cpSync(version("3.3.0"), version(name), { recursive: true });
    expect((await opened(folder, taskOf("kitti"))).where).toBe(version("3.10.0"));
    for (const name of ["3.3.0", "3.9.0", "3.10.0"]) rmSync(version(name), { recursive: true });
    await expect(openPrepared(folder, taskOf("kitti"))).rejects.toThrow(
      `${join(folder, "kitti")} has the version 4.0.0 and 2.0.0; kitti is made of 3.x.x. Prepare that with TensorFlow Datasets.`,
    );
  });

  it("says that a data set is not there", async () => {
    const folder = join(parent, "empty");
    mkdirSync(join(folder, "cifar100"), { recursive: true });
    expect(await openPrepared(folder, taskOf("cifar"))).toBeUndefined();
    expect(await openPrepared(folder, taskOf("dtd"))).toBeUndefined();
    expect(await openPrepared(join(parent, "nowhere"), taskOf("dtd"))).toBeUndefined();
  });
});

describe("what is damaged", () => {
  it("is a file that is cut short", async () => {
    const folder = copyOf("cifar100");
    const file = trainFile(folder, 0);
    truncateSync(file, readFileSync(file).length - 5);
    const { splits } = await opened(folder, taskOf("cifar"));
    await expect(splits.train?.slice(0, 2)).rejects.toThrow(
      /^.*train\.tfrecord-00000-of-00003: the record at byte .* It is cut short; get it again\.$/,
    );
  });

  it("is a changed byte", async () => {
    const folder = copyOf("cifar100");
    const bytes = readFileSync(trainFile(folder, 0));
    bytes[20] = (bytes[20] ?? 0) ^ 1;
    writeFileSync(trainFile(folder, 0), bytes);
    const { splits } = await opened(folder, taskOf("cifar"));
    await expect(splits.train?.slice(0, 2)).rejects.toThrow(
      "the record at byte 12 does not match its checksum.",
    );
  });

  it("is a file with another number of records than its description says", async () => {
    const folder = copyOf("cifar100");
    renameSync(trainFile(folder, 1), trainFile(folder, 0));
    const { splits } = await opened(folder, taskOf("cifar"));
    await expect(splits.train?.slice(0, 2)).rejects.toThrow(
      `${trainFile(folder, 0)} has 4 records; by dataset_info.json it has 5. Prepare the data set again.`,
    );
  });

  it("is a description that is none", async () => {
    const folder = copyOf("cifar100");
    const path = join(folder, "cifar100", "3.0.2", "dataset_info.json");
    const failsWith = async (info: unknown, message: string) => {
      writeFileSync(path, JSON.stringify(info));
      await expect(openPrepared(folder, taskOf("cifar"))).rejects.toThrow(message);
    };
    await failsWith({}, `${path}: splits is not as TensorFlow Datasets writes it`);
    await failsWith({ splits: [{ name: "train" }] }, "splits.0.shardLengths is not as");
    await failsWith({ splits: [{ name: "train", shardLengths: [-1] }] }, "splits.0.shardLengths.0 is not as");
    await failsWith(
      { splits: [{ name: "train", shardLengths: [null] }] },
      "splits.0.shardLengths.0 is not as",
    );
    await failsWith(
      { splits: [{ name: "train", shardLengths: ["14"] }] },
      `${path}: there is no split test, but train.`,
    );
    await failsWith(
      { fileFormat: "riegeli", splits: [] },
      "the records are in the format riegeli; tfrecord is read.",
    );
    rmSync(path);
    await expect(openPrepared(folder, taskOf("cifar"))).rejects.toThrow(`${path}: there is no such file.`);
  });

  it("is a data set under another's name", async () => {
    const folder = join(parent, "named");
    const path = (dataset: string, split: string) =>
      join(folder, "dsprites", "2.0.0", `${dataset}-${split}.tfrecord-00000-of-00001`);
    cpSync(join(golden, "dtd", "3.0.1"), join(folder, "dsprites", "2.0.0"), { recursive: true });
    renameSync(path("dtd", "train"), path("dsprites", "train"));
    const { splits } = await opened(folder, taskOf("dsprites_loc", ["train"]));
    await expect(splits.train?.slice(0, 1)).rejects.toThrow(
      "the feature label_x_position is missing; there are file_name, image, label; a list of integers was expected.",
    );
  });
});

describe("an example that fits no task", () => {
  const example = (features: Record<string, TfFeature>): TfExample => ({
    where: "a record",
    features: new Map(Object.entries(features)),
  });
  const integers = (...values: bigint[]): TfFeature => ({ kind: "integers", values });
  const floats = (...values: number[]): TfFeature => ({ kind: "floats", values });

  it("has pixels that are neither 0 nor 1, or no image", async () => {
    const grey = await sharp(Buffer.from([0, 1, 2, 1]), { raw: { width: 2, height: 2, channels: 1 } })
      .png()
      .toBuffer();
    const imageOf = async (bytes: Uint8Array) =>
      preparedTasks.dsprites_loc?.image(example({ image: { kind: "bytes", values: [bytes] } }));
    await expect(imageOf(grey)).rejects.toThrow(
      "a record: the image has pixels above 1; those of dSprites are 0 or 1. Prepare the data set again.",
    );
    await expect(imageOf(grey.subarray(0, 40))).rejects.toThrow("a record: the image cannot be decoded (");
  });

  it("has objects without a place", () => {
    const labelOf = (places: TfFeature) =>
      preparedTasks.kitti?.label(example({ "objects/type": integers(0n, 1n), "objects/location": places }));
    expect(labelOf(floats(1, 2, 30, 4, 5, 6))).toBe(0);
    expect(() => labelOf(floats(1, 2, 3))).toThrow(
      "a record: objects/type has 2 values and objects/location 1 times three; both have one per object.",
    );
    expect(() => labelOf(floats(1, 2, 3, 4))).toThrow(
      "a record: the feature objects/location has 4 numbers; places have three each.",
    );
  });
});

describe("tfRecordPlaces", () => {
  it("finds what reading every record finds", async () => {
    for (const file of [
      "clevr/3.1.0/clevr-train",
      "dsprites/2.0.0/dsprites-train",
      "dmlab/2.0.1/dmlab-test",
    ]) {
      const path = join(golden, `${file}.tfrecord-00000-of-00001`);
      const records: TfRecordPlace[] = [];
      await eachTfRecord(path, ({ place }) => records.push(place));
      expect(readFileSync(path).length).toBeGreaterThan(4096);
      expect(await tfRecordPlaces(path)).toEqual(records);
    }
  });
});

describe("labels", () => {
  it("count CLEVR's objects from 3, and put distances between thresholds", () => {
    expect([3, 10].map(clevrCount)).toEqual([0, 7]);
    expect([0, 8, 8.01, 8.5, 9.01, 10, 10.5].map((distance) => clevrDistance([99, distance]))).toEqual([
      -1, 0, 1, 1, 3, 4, 5,
    ]);
  });

  it("know KITTI's vehicles and that there is none", () => {
    const at = (type: number, distance: number) => ({ type, distance });
    expect(kittiDistance([])).toBe(3);
    expect(kittiDistance([at(3, 1), at(2, 8)])).toBe(0);
    expect(kittiDistance([at(1, 8.01), at(0, 30)])).toBe(1);
    expect(kittiDistance([at(2, 20.01), at(5, 2)])).toBe(2);
    expect(kittiDistance([at(0, -101)])).toBe(-1);
  });

  it("group dSprites' positions by two and orientations by two and a half", () => {
    const of = (values: number) =>
      Array.from({ length: values }, (_, label) => grouped(label, { values, classes: 16 }));
    expect(of(32)).toEqual(Array.from({ length: 32 }, (_, label) => label >> 1));
    expect(of(40).slice(0, 11)).toEqual([0, 0, 0, 1, 1, 2, 2, 2, 3, 3, 4]);
    expect(of(40).at(-1)).toBe(15);
  });
});
