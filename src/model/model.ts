/** A pre-trained Vision Transformer: sizes, named weights, preprocessing, labels. */

import type { Weights } from "../formats/tensor.ts";
import type { Step } from "../preprocessing/steps.ts";
import type { ModelConfig } from "./architectures.ts";
import type { Problem } from "./problem.ts";

/**
 * A backbone. Names of the weights of a Vision Transformer (linear weights are [out, in], as in PyTorch):
 * `patch.weight` [D, 3·p·p] (channel, row, column order), `patch.bias` [D], `cls` [1, 1, D], `position` [1, N+1, D] (CLS first),
 * `blocks.{i}.norm1.{weight,bias}`, `blocks.{i}.{q,k,v,o}.{weight [D, D],bias}`, `blocks.{i}.norm2.{weight,bias}`,
 * `blocks.{i}.fc1.{weight [M, D],bias}`, `blocks.{i}.fc2.{weight [D, M],bias}`, `norm.{weight,bias}`,
 * and, where it has a head, `head.{weight [C, D],bias}`.
 */
export interface Model {
  /** What the user named: a hub id, or the base name of the path. */
  readonly id: string;
  readonly config: ModelConfig;
  readonly weights: Weights;
  /** Weights of the model's file, by name, where others were interpolated from them for another image size. */
  readonly storedWeights?: Weights;
  /** One per row of the head; empty where the model names none. */
  readonly labels: readonly string[];
  /** What its head was trained to say, where that is not one class per image. */
  readonly problem?: Problem;
  /** From the model's own preprocessor config, where it has one. */
  readonly preprocessing?: readonly Step[];
  /** The absolute path or hub id that it can be read from again; absent for a model made in memory. */
  readonly source?: string;
  /** The commit of the hub that it was read from; absent for a model that came from elsewhere. */
  readonly commit?: string;
  /** The files that its weights were read from; absent for a model made in memory. */
  readonly files?: readonly string[];
  /** Which naming scheme the tensors in its files follow; absent for a model made in memory. */
  readonly layout?: string;
  /** What was inferred or changed while reading, one sentence each, for the user to see. */
  readonly notes: readonly string[];
}
