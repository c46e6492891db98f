import { relative } from "node:path";
import { describe, expect, it } from "vitest";
import { makeTree } from "../../test/make-tree.ts";
import { recordImages } from "../adapter/trained-images.ts";
import type { Dataset, Split } from "../datasets/dataset.ts";
import { contentHash } from "../datasets/duplicates.ts";
import { readDataset } from "../datasets/read-dataset.ts";
import { splitTrainValidation } from "../datasets/split-train-validation.ts";
import { chooseExamples } from "./choose-examples.ts";
import { countUses } from "./find-uses.ts";

const names = (folder: string, from: number, count: number): [string, string][] =>
  Array.from({ length: count }, (_, i) => [
    `${folder}/${from + i}.png`,
    `${folder.split("/").at(-1)} ${from + i}`,
  ]);
const tree = async (...files: [string, string][][]): Promise<Dataset> =>
  readDataset(await makeTree(Object.fromEntries(files.flat())));

/** A plain folder, ten images of each of two classes, as a run splits it. */
const plain = await tree(names("cat", 0, 10), names("dog", 0, 10));
const run = await splitTrainValidation(plain, { seed: 7 });
const labels = plain.classes;
const hashesOf = async (split: Split) =>
  (await Promise.all(run.splits[split].map(({ path }) => contentHash(path)))).map(String);
const images = recordImages({ train: await hashesOf("train"), validation: await hashesOf("val") });
const adapter = {
  images,
  labels,
  training: { trainImages: 16, validationImages: 4, seed: 7, select: "val" },
};
const old = { ...adapter, images: undefined };
const folderOf =
  ({ root }: Dataset) =>
  (text: string) =>
    text.replaceAll(root, "DATA");

/** What is taken, and how much of it is what, were each image recognized. */
async function choose(dataset: Dataset, by: Parameters<typeof chooseExamples>[1]["adapter"], asked?: Split) {
  const { split, examples, uses, notes } = await chooseExamples(asked, { dataset, adapter: by });
  const predictions = examples.map(({ label }) => label);
  const { knownBy, ...counts } = uses ? countUses(examples, { uses, predictions }) : { knownBy: undefined };
  return {
    ...{ split, images: examples.length, knownBy, ...counts, notes: notes.map(folderOf(dataset)) },
    paths: examples.map(({ path }) => relative(dataset.root, path)),
  };
}

describe("chooseExamples", () => {
  it("takes of the folder that was trained on what validated, by itself", async () => {
    const found = await choose(plain, adapter);
    expect(found).toMatchObject({
      ...{ split: "held-out", images: 4, trainedOn: 0, validated: 4, heldOutCorrect: 4, knownBy: "content" },
      notes: [
        "DATA has no test split; of its 20 images, the 4 that the adapter was not trained on are taken.",
      ],
    });
    expect(found.paths).toEqual(run.splits.val.map(({ path }) => relative(plain.root, path)));
  });

  it("knows copies under other names, and takes what is new as well", async () => {
    const copies = names("cat", 0, 10).map(([path, content]): [string, string] => [
      `${path}.copy.png`,
      content,
    ]);
    const mixed = await tree(copies, names("dog", 100, 5));
    const found = await choose(mixed, adapter);
    expect(found).toMatchObject({ split: "held-out", images: 7, trainedOn: 0, validated: 2 });
    expect(found.notes[0]).toContain(
      "of its 15 images, the 7 that the adapter was not trained on are taken.",
    );
  });

  it("takes all of other images", async () => {
    const others = await tree(names("cat", 100, 3), names("dog", 100, 3));
    expect(await choose(others, adapter)).toMatchObject({
      ...{ split: "held-out", images: 6, trainedOn: 0, validated: 0 },
      notes: [
        "DATA has no test split; all of its 6 images are taken, as the adapter was trained on none of them.",
      ],
    });
  });

  it("takes what was trained on where there is nothing else, or where it is asked for, and counts it", async () => {
    const everything = recordImages({
      ...{ train: [...(await hashesOf("train")), ...(await hashesOf("val"))], validation: [] },
    });
    expect(await choose(plain, { ...adapter, images: everything })).toMatchObject({
      ...{ split: "train", images: 20, trainedOn: 20, validated: 0, heldOutCorrect: 0 },
      notes: [
        "DATA has no test split, and the adapter was trained on all of its 20 images, which are taken.",
      ],
    });
    expect(await choose(plain, adapter, "train")).toMatchObject({
      ...{ split: "train", images: 20, trainedOn: 16, validated: 4, heldOutCorrect: 4, notes: [] },
    });
  });

  it("tells the cross-validated accuracy where every image was trained on", async () => {
    const train = [...(await hashesOf("train")), ...(await hashesOf("val"))];
    const training = {
      validation: "cross-validation",
      trainImages: 20,
      validationImages: 20,
      validationTop1: 90,
    } as const;
    const found = await choose(plain, { images: recordImages({ train, validation: [] }), labels, training });
    expect(found.notes[1]?.replaceAll("\u00a0", " ")).toBe(
      "Measured in training: top-1 90.0 % on 20 training images, 95 % interval 69.9 to 97.2 %; cross-validated, which chose the epoch too, so it is somewhat too high.",
    );
    expect(await choose(plain, { ...old, training })).toMatchObject({ trainedOn: 20, knownBy: "seed" });
  });

  it("counts what of a test split was trained on", async () => {
    const [first, second] = run.splits.train;
    const leaked = { ...plain, splits: { train: [], val: [], test: [first, second, ...run.splits.val] } };
    expect(await choose(leaked as Dataset, adapter)).toMatchObject({
      ...{ split: "test", images: 6, trainedOn: 2, validated: 4, notes: [] },
    });
  });

  it("takes a validation split that the data has", async () => {
    expect(await choose(run, adapter)).toMatchObject({
      ...{ split: "val", images: 4, trainedOn: 0, validated: 4 },
      notes: ["DATA has no test split; its val images are taken."],
    });
  });

  it.each([
    ["the default share", { seed: 7 }, {}],
    ["another share", { seed: 9, fraction: 0.4 }, { trainImages: 12, validationImages: 8, seed: 9 }],
  ])("rebuilds what an older adapter was trained on: %s", async (_, options, training) => {
    const { splits } = await splitTrainValidation(plain, options);
    const found = await choose(plain, { ...old, training: { ...old.training, ...training } });
    expect(found).toMatchObject({ split: "held-out", trainedOn: 0, knownBy: "seed" });
    expect(found.paths).toEqual(splits.val.map(({ path }) => relative(plain.root, path)));
  });

  it("rebuilds that an older adapter was trained on everything", async () => {
    const training = { trainImages: 20, validationImages: 0, seed: 7, select: "last" };
    expect(await choose(plain, { ...old, training })).toMatchObject({
      ...{ split: "train", images: 20, trainedOn: 20, knownBy: "seed" },
    });
  });

  it.each([
    ["there is no adapter", undefined],
    ["the numbers are of other images", { ...old, training: { ...old.training, trainImages: 17 } }],
    ["the classes are others", { ...old, labels: ["cat", "horse"] }],
    ["the adapter says nothing of its training", { ...old, training: {} }],
  ])("does not know where %s", async (_, by) => {
    expect(await choose(plain, by)).toMatchObject({
      ...{ split: "train", images: 20, knownBy: undefined },
      notes: ["DATA has no test split; its train images are taken."],
    });
  });
});
