/** Numbers that PyTorch computed once, read back. `parity/` says how they were made. */

import { readFileSync } from "node:fs";
import type { Shape } from "../src/formats/tensor.ts";

export interface GoldenTensor {
  readonly shape: Shape;
  readonly data: readonly number[];
}
export type GoldenTensors = Readonly<Record<string, GoldenTensor>>;

export const readGolden = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`./golden/${name}.json`, import.meta.url), "utf8"));

/** Every tensor as a float64 feed. */
export const feedsOf = (tensors: GoldenTensors): Record<string, Float64Array> =>
  Object.fromEntries(Object.entries(tensors).map(([name, { data }]) => [name, Float64Array.from(data)]));

/** Every feed in float32, as engines take them. */
export const inFloat32 = (feeds: Readonly<Record<string, Float64Array>>): Record<string, Float32Array> =>
  Object.fromEntries(Object.entries(feeds).map(([name, data]) => [name, Float32Array.from(data)]));
