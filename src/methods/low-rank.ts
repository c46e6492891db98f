/** A matrix of low rank, as LoRA adds it to a weight: its options, its two tensors and its value. */

import { z } from "zod";
import { gemm, mul } from "../graph/ops.ts";
import { scalar, type Value } from "../graph/value.ts";
import type { LinearSite } from "../model/backbone.ts";
import type { ValueOf } from "../model/layers.ts";
import { startUniform, startZero, type Trainable } from "./method.ts";

export const rankOption = (preset: number, help = "rank of the added matrix") =>
  z.int().min(1).max(256).default(preset).describe("a whole number from 1 to 256").meta({ help });

/** The added matrix is scaled by alpha / rank. */
export const alphaOption = (preset: number) =>
  z
    .number()
    .gt(0)
    .max(1e4)
    .default(preset)
    .describe("a number above 0, at most 10000")
    .meta({ help: "the added matrix is scaled by alpha / rank" });

/** A as PyTorch starts the weight of a linear layer, uniform within ±1/√in; B at zero, so nothing is added at step 0. */
export const lowRankTrainables = ({ name, in: into, out }: LinearSite, rank: number): Trainable[] => [
  {
    name: `${name}.lora_a`,
    shape: [rank, into],
    decay: true,
    start: startUniform(rank * into, 1 / Math.sqrt(into)),
  },
  { name: `${name}.lora_b`, shape: [out, rank], decay: true, start: startZero(out * rank) },
];

interface MatrixParts {
  readonly rank: number;
  readonly alpha: number;
  readonly trained: ValueOf;
}

/** alpha/r · B·A [out, in] */
export function lowRankMatrix({ name }: LinearSite, { rank, alpha, trained }: MatrixParts): Value {
  const product = gemm(trained(`${name}.lora_b`), trained(`${name}.lora_a`));
  return alpha === rank ? product : mul(product, scalar(alpha / rank));
}
