/** Pre-trained models that can be named by their size alone, one row each: what to start from where nothing else is wanted. */

import type { VitVariantName } from "./variants.ts";

export interface NamedModel {
  readonly name: string;
  /** Its repository on the hub. */
  readonly hubId: string;
  readonly licence: string;
  /** Of its weights file. */
  readonly megabytes: number;
  /** Of the backbone, in millions. */
  readonly millions: number;
  readonly size: VitVariantName;
  /** The files that are read of it. */
  readonly files: readonly string[];
  /** Of an RLRR training step at 224 pixels, for each core of an AMD EPYC with AVX-512. */
  readonly imagesPerSecondPerCore: number;
}

const timmFiles = ["config.json", "model.safetensors"] as const;

// Speeds of tiny and base: docs/results.md. That of small is between, by its number of multiplications.
const rows = [
  {
    ...{ name: "tiny", hubId: "timm/vit_tiny_patch16_224.augreg_in21k_ft_in1k", licence: "Apache-2.0" },
    ...{ megabytes: 23, millions: 5.5, size: "vit-ti16", files: timmFiles, imagesPerSecondPerCore: 9 },
  },
  {
    ...{ name: "small", hubId: "timm/vit_small_patch16_224.augreg_in21k_ft_in1k", licence: "Apache-2.0" },
    ...{ megabytes: 88, millions: 21.7, size: "vit-s16", files: timmFiles, imagesPerSecondPerCore: 2.7 },
  },
  {
    ...{ name: "base", hubId: "google/vit-base-patch16-224-in21k", licence: "Apache-2.0" },
    ...{ megabytes: 346, millions: 85.8, size: "vit-b16", imagesPerSecondPerCore: 0.8 },
    files: ["config.json", "preprocessor_config.json", "model.safetensors"],
  },
] as const satisfies readonly NamedModel[];

/** By their names, the smallest first. */
export const namedModels: ReadonlyMap<string, NamedModel> = new Map(rows.map((row) => [row.name, row]));

/** `tiny: timm/…, 5.5 million parameters, 23 MB, Apache-2.0`. */
export const describeNamed = ({ name, hubId, millions, megabytes, licence }: NamedModel): string =>
  `${name}: ${hubId}, ${millions} million parameters, ${megabytes} MB, ${licence}`;

/** Bytes of its weights in memory. */
export const weightBytes = ({ millions }: NamedModel): number => 4e6 * millions;

/** The largest model that trains at this speed on so many cores, and whose training fits the memory; the smallest at the least. */
export function modelFor({ cores, memoryBytes }: { cores: number; memoryBytes: number }): NamedModel {
  const [first, ...larger] = [...namedModels.values()];
  if (!first) throw new Error("internal: no model has a name.");
  const fits = (model: NamedModel) =>
    cores * model.imagesPerSecondPerCore >= leastSpeed && memoryBytes >= memoryFor(model);
  return larger.findLast(fits) ?? first;
}

/** Images per second: a hundred images for twenty epochs in less than four minutes. */
const leastSpeed = 10;

/** Weights, gradients and activations of a micro-batch take several times the weights; the system and the images need room too. */
const memoryFor = (model: NamedModel): number => 2e9 + 12 * weightBytes(model);
