/** The result of training: the trained tensors, their method, and everything else that a prediction needs besides the base. */

import type { TemperatureFit } from "../calibration/temperature.ts";
import type { UnknownRule } from "../calibration/unknown.ts";
import { FileError } from "../errors.ts";
import { renderShape, type Shape, sameShape, type Tensor } from "../formats/tensor.ts";
import type { Method, Trainable } from "../methods/method.ts";
import type { MethodChoice } from "../methods/methods.ts";
import { familyOf, type ModelConfig } from "../model/architectures.ts";
import { hashWeights } from "../model/hash.ts";
import type { Model } from "../model/model.ts";
import type { Step } from "../preprocessing/steps.ts";
import type { TrainedImages } from "./trained-images.ts";

export interface Adapter {
  readonly base: AdapterBase;
  readonly method: MethodChoice;
  /** The method itself where it is a user's own, since no name leads to it. */
  readonly ownMethod?: Method | undefined;
  /** One per row of the head. */
  readonly labels: readonly string[];
  readonly preprocessing: readonly Step[];
  /** The base's sizes as used in training: image size, heads and norm epsilon are not in every weight file. */
  readonly config: ModelConfig;
  /** How it was trained and how well it did; for people and for the model card. */
  readonly training: TrainingRecord;
  /** Which images it was trained on; absent where that was not recorded. */
  readonly images?: TrainedImages | undefined;
  /** Fitted on validation images; absent where there were none, and then probabilities are the raw ones. */
  readonly calibration?: TemperatureFit | undefined;
  /** When an image is none of the labels; absent with too few validation images. */
  readonly unknown?: UnknownRule | undefined;
  /** Trained tensors by name, the head's among them, as they were trained: the temperature is not in them. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** Images held out from training; each image by a model that was not trained on it; or nothing. */
export const validationKinds = ["held-out", "cross-validation", "none"] as const;
export type ValidationKind = (typeof validationKinds)[number];

/** What came of training, and every option of the recipe by its name. */
export interface TrainingRecord {
  readonly trainImages?: number | undefined;
  readonly validationImages?: number | undefined;
  /** From 0; -1 is before all epochs: the linear probe, or the adapter that the run continued from. */
  readonly keptEpoch?: number | undefined;
  /** What its accuracy was measured on; older adapters do not say. */
  readonly validation?: ValidationKind | undefined;
  /** Percent of the validation images. */
  readonly validationTop1?: number | undefined;
  /** The adapter that training continued from. */
  readonly continuedFrom?: ContinuedFrom | undefined;
  readonly [option: string]: unknown;
}

/** Another adapter, named without its path, which is nobody else's business. */
export interface ContinuedFrom {
  /** The name of its run's folder. */
  readonly name: string;
  /** As `hashAdapter` makes it. */
  readonly sha256: string;
}

/** Which backbone an adapter belongs to. */
export interface AdapterBase {
  /** A hub id where it came from the hub, else the name of its file or folder; in older adapters a path. */
  readonly id: string;
  /** The commit of the hub that it was read from. */
  readonly revision?: string | undefined;
  /** Hash of the backbone's weights, whatever file they came in. */
  readonly sha256: string;
}

/** Refuses tensors that are not exactly those expected; `where` names the file. */
export function checkTensors(
  tensors: ReadonlyMap<string, { readonly shape: Shape }>,
  expected: readonly Trainable[],
  where: string,
): void {
  for (const { name, shape } of expected) {
    const tensor = tensors.get(name);
    if (!tensor) throw new FileError(`${where}: tensor "${name}" is missing; this method needs it.`);
    if (!sameShape(tensor.shape, shape))
      throw new FileError(
        `${where}: tensor "${name}" has shape ${renderShape(tensor.shape)}; this base needs ${renderShape(shape)}.`,
      );
  }
  const known = new Set(expected.map(({ name }) => name));
  const extra = [...tensors.keys()].find((name) => !known.has(name));
  if (extra !== undefined)
    throw new FileError(`${where}: tensor "${extra}" belongs to no part of this method.`);
}

/** Refuses a base that the adapter was not trained on, or one read with other sizes. */
export async function checkBase(
  { base, config }: Adapter,
  model: Model,
  options: { readonly signal?: AbortSignal } = {},
): Promise<void> {
  const sha256 = await hashWeights(model, options);
  if (sha256 !== base.sha256)
    throw new FileError(
      `The adapter was trained on ${base.id} (sha256 ${base.sha256.slice(0, 8)}…), but the base given is ${model.id} (sha256 ${sha256.slice(0, 8)}…).`,
    );
  const own: readonly string[] = ["classes", ...familyOf(config).unseen];
  for (const [key, before] of Object.entries(config))
    if (!own.includes(key) && String(before) !== String(model.config[key as keyof ModelConfig]))
      throw new FileError(
        `The adapter was trained with ${key} ${before}, but the base given, ${model.id}, has ${model.config[key as keyof ModelConfig]}.`,
      );
}
