/** Tiny CLIPs and SigLIPs, whose weights are numbers by a formula: what parity/make_zero_shot_golden.py wrote of them. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeSafetensors } from "../src/formats/safetensors.ts";
import type { Shape } from "../src/formats/tensor.ts";
import { byFormula } from "./by-formula.ts";
import { readGolden } from "./golden.ts";

export interface ZeroShotCase {
  readonly title: string;
  readonly config: Readonly<Record<string, unknown>> | null;
  readonly tokenizer: object;
  readonly tokenizerConfig: object;
  readonly tensors: Readonly<Record<string, Shape>>;
  readonly ids: readonly (readonly number[])[];
  readonly logits: readonly number[];
}

export const zeroShotGolden = readGolden<{
  readonly labels: readonly string[];
  readonly templates: readonly string[];
  readonly imageSize: readonly [number, number];
  readonly cases: readonly ZeroShotCase[];
}>("zero-shot");
/** Writes the files of a case into the new folder `path`. */
export async function writeZeroShotCase(
  { config, tokenizer, tokenizerConfig, tensors }: ZeroShotCase,
  path: string,
): Promise<string> {
  mkdirSync(path);
  const weights = Object.entries(tensors).map(([key, shape], at) => [key, byFormula(at, shape)] as const);
  await writeSafetensors(join(path, "model.safetensors"), new Map(weights));
  if (config) writeFileSync(join(path, "config.json"), JSON.stringify(config));
  writeFileSync(join(path, "tokenizer.json"), JSON.stringify(tokenizer));
  writeFileSync(join(path, "tokenizer_config.json"), JSON.stringify(tokenizerConfig));
  return path;
}
