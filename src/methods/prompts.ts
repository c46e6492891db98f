/** Learned tokens behind CLS, as VPT has them: how they start and where they go. Jia et al., ECCV 2022, arXiv 2203.12119. */

import { z } from "zod";
import { concat, expand, slice } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import type { Site, Structure } from "../model/backbone.ts";
import { startUniform, type Trainable } from "./method.ts";
import { requireRoom } from "./one-width.ts";

/** How many tokens, as an option. */
export const tokensOption = (preset: number, help: string) =>
  z.int().min(1).max(512).default(preset).describe("a whole number from 1 to 512").meta({ help });

/** One site of each block, in order. */
const blocksOf = (sites: readonly Site[]): Site[] => sites.filter(({ role }) => role === "attention");

/** The name of the tokens of a block. */
export const promptName = (block: number): string => `blocks.${block}.prompt`;

/**
 * `count` tokens [1, count, D] for the input of each block: uniform within √(6 / (3·p·p + D)), as if they were patches that
 * the embedding had made; decayed as the authors do.
 */
export function promptTrainables(structure: Structure, count: number): Trainable[] {
  requireRoom(structure);
  const { sites } = structure;
  const bound = Math.sqrt(6 / fanOf(sites));
  return blocksOf(sites).map(({ block, in: width }) => ({
    name: promptName(block),
    shape: [1, count, width],
    decay: true,
    start: startUniform(count * width, bound),
  }));
}

/** Inputs and outputs of the patch embedding: 3·p·p + D. */
function fanOf(sites: readonly Site[]): number {
  const patch = sites.find(({ kind }) => kind === "embed");
  if (!patch) throw new Error("internal: a backbone without a patch embedding.");
  return patch.in + patch.out;
}

interface PlaceOptions {
  /** [1, count, D]. */
  readonly prompt: Value;
  /** How many tokens behind CLS they replace. */
  readonly replaced: number;
  readonly perturb: (added: Value) => Value;
}

/** x [batch, 1 + replaced + rest, D] → CLS, the learned tokens, the rest: [batch, 1 + count + rest, D]. */
export function placePrompt(x: Value, { prompt, replaced, perturb }: PlaceOptions): Value {
  const [batch, tokens, width] = x.shape as [number, number, number];
  const added = perturb(expand(prompt, [batch, prompt.shape[1] as number, width]));
  const cls = slice(x, { axis: 1, from: 0, to: 1 });
  return concat(concat(cls, added, 1), slice(x, { axis: 1, from: 1 + replaced, to: tokens }), 1);
}
