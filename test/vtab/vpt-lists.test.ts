/**
 * The slices of real data sets are those of VTAB-1k: the authors of VPT list the images that TensorFlow Datasets gave them
 * (`vtab_trainval_splits.json`; a copy is in ChengHan111/E2VPT). What is compared is the SHA-256 of the sorted names.
 */

import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { resiscClasses } from "../../scripts/vtab/resisc.ts";
import { tasks } from "../../scripts/vtab/tasks.ts";
import { inTfdsOrder } from "../../scripts/vtab/tfds-order.ts";
import { needed } from "../../src/needed.ts";

/** A split's keys, as the task's source makes them, with the names in the authors' list. */
type Names = ReadonlyMap<string | number, string>;

const numbered = (
  count: number,
  name: (index: number) => string,
  key = name as (index: number) => string | number,
) => new Map(Array.from({ length: count }, (_, index) => [key(index), name(index)]));

/** Of folders whose images are numbered from 1: the key has the folder's name before that of the file. */
const inFolders = (counts: Readonly<Record<string, number>>, digits: number): Names =>
  new Map(
    Object.entries(counts).flatMap(([folder, count]) =>
      Array.from({ length: count }, (_, index) => {
        const file = `${folder}_${String(index + 1).padStart(digits, "0")}.jpg`;
        return [`${folder}_${file}`, file] as const;
      }),
    ),
  );

const eurosat = {
  ...{ AnnualCrop: 3000, Forest: 3000, HerbaceousVegetation: 3000, Highway: 2500, Industrial: 2500 },
  ...{ Pasture: 2000, PermanentCrop: 2500, Residential: 3000, River: 2500, SeaLake: 3000 },
};

it.each<[task: string, splits: Readonly<Record<string, Names>>, train: string, val: string]>([
  [
    "cifar",
    {
      train: numbered(
        50_000,
        (index) => `train_${String(index).padStart(5, "0")}`,
        (index) => index,
      ),
    },
    "ac3a4b7f6d6c32f787a0b7e609b785b286e47ff933fd9625016298693639a019",
    "7996f329fc85b9ac7daf4dc004fe27e8a082349d62c4e43bb7d8e8b4982228d3",
  ],
  [
    "clevr_count",
    { train: numbered(70_000, (index) => `CLEVR_train_${String(index).padStart(6, "0")}.png`) },
    "2755742128ae24c0bca5299c342a54b0ed9a806bd1d9f39ca602159c74ffe21f",
    "6570e8229f7bc1b9e2e445b9959b6fcafb53e3bf5b3e3c4df9a799e93f56c2fb",
  ],
  [
    "patch_camelyon",
    {
      train: numbered(262_144, (index) => `train_${index}`),
      validation: numbered(32_768, (index) => `valid_${index}`),
    },
    "21eaea5228a490c048a7ea3b28a79f4f470a26a4f9a66ee112af5b5ece573c37",
    "d6e3e99d74f635b8672b69ffc2294e9d8af570ee93234654c5f79573a74f251e",
  ],
  [
    "eurosat",
    { train: inFolders(eurosat, 0) },
    "2a2d9a1c3370755c0717a420efbeb5501b2db4ed7dabfd9c9db423e092101c68",
    "b13e8f5667551e03061a1638d248de14cf780a43f2c0f9488106cd04332076f3",
  ],
  [
    "resisc45",
    { train: inFolders(Object.fromEntries(resiscClasses.map((name) => [name, 700])), 3) },
    "b283cadb71f06d56f43bb2f3b7eec68d44b47c38ef036641638c4f8f952718c5",
    "0058327227a2a0b15aa207ac8b64fddad90aedc4fbf790a8aa1c670f5de37a0c",
  ],
])("takes the images of VTAB-1k: %s", (name, splits, train, val) => {
  const task = needed(
    tasks.find((one) => one.name === name),
    `task ${name}`,
  );
  const hashOf = ({ split, from, to }: (typeof task)["slices"]["train800"]) => {
    const names = needed(splits[split], `split ${split}`);
    const all = [...names.keys()].map((key) => ({ key, label: 0, image: () => ({ file: "" }) }));
    expect(all).toHaveLength(task.counts[split] as number);
    const taken = inTfdsOrder(split, all)
      .slice(from, to)
      .map(({ key }) => names.get(key));
    return createHash("sha256").update(taken.sort().join("\n")).digest("hex");
  };
  expect([hashOf(task.slices.train800), hashOf(task.slices.val200)]).toEqual([train, val]);
});
