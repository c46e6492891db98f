/** Tiny models of other projects, whose weights are numbers by a formula: what parity/make_model_golden.py and make_hierarchical_golden.py wrote of them. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeSafetensors } from "../src/formats/safetensors.ts";
import type { Shape, Tensor } from "../src/formats/tensor.ts";
import type { Model } from "../src/model/model.ts";
import { readModel } from "../src/model/read-model.ts";
import { byFormula } from "./by-formula.ts";
import { readGolden } from "./golden.ts";

export interface ModelCase {
  readonly title: string;
  readonly config: Readonly<Record<string, unknown>> | null;
  /** Stands before all names but those of `extra`. */
  readonly prefix: string;
  readonly tensors: Readonly<Record<string, Shape>>;
  /** Other names of some of them in this file. */
  readonly renamed?: Readonly<Record<string, string>>;
  /** Tensors that belong to the file, and not to the model. */
  readonly extra: Readonly<Record<string, Shape>>;
  readonly imageSize: readonly [number, number];
  readonly logits?: readonly number[];
  readonly feature?: readonly number[];
}

export const modelCases = ["models", "hierarchical"].flatMap(
  (name) => readGolden<{ readonly cases: readonly ModelCase[] }>(name).cases,
);

/** The image that the numbers of a case are of. */
export const imageOf = ({ imageSize }: ModelCase): Tensor => byFormula(999, [1, 3, ...imageSize]);

/** A variance is positive. */
const numbersOf = (name: string, { shape, data }: Tensor): Tensor => ({
  shape,
  data: name.endsWith("running_var") ? data.map((one) => Math.abs(one) + 0.5) : data,
});

/** The model of a case, whose files are written into the new folder `path`. */
export async function readCase(
  { config, prefix, tensors, renamed, extra }: ModelCase,
  path: string,
): Promise<Model> {
  mkdirSync(path);
  const own = Object.entries(tensors).map(
    ([name, shape], index) =>
      [prefix + (renamed?.[name] ?? name), numbersOf(name, byFormula(index, shape))] as const,
  );
  const others = Object.entries(extra).map(([name, shape]) => [name, byFormula(500, shape)] as const);
  await writeSafetensors(join(path, "model.safetensors"), new Map([...own, ...others]));
  if (config) writeFileSync(join(path, "config.json"), JSON.stringify(config));
  // Of those without a configuration, MoCo v3's names tell the heads.
  return readModel(path, config === null && !prefix && !renamed ? { heads: 3 } : {});
}
