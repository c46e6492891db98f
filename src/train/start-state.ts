/** The state that training begins with. */

import { FileError, InputError } from "../errors.ts";
import {
  isStored,
  renderShape,
  type StoredTensor,
  sameShape,
  sizeOf,
  type Tensor,
  type Weights,
} from "../formats/tensor.ts";
import type { FrozenSource, Trainable } from "../methods/method.ts";
import { randomStream } from "../random.ts";
import type { Moments, OptimizerState } from "./adamw.ts";
import { noteAverage } from "./average.ts";
import { noteStart, putStart } from "./blend.ts";
import type { FitState } from "./fit-events.ts";
import type { FitPlan } from "./fit-plan.ts";

/** Reads a weight that lies in a file; only Node can. */
export type ReadWeight = (weight: StoredTensor) => Promise<Tensor>;

export const startPosition: FitState["position"] = {
  ...{ epoch: 0, stepInEpoch: 0, step: 0, lossSum: 0, correct: 0, seen: 0, finished: false },
};

/** Before the first step of a plan's training. */
export async function freshState({ trainables, recipe, options }: FitPlan): Promise<FitState> {
  const { model, continueFrom, readWeight, startHead } = options;
  const { seed, blend, emaDecay, start } = recipe;
  const trained = continueFrom?.tensors;
  const state = await startState(trainables, { weights: model.weights, seed, readWeight, trained });
  if (start === "head" && startHead) putStart(state, startHead);
  return { position: startPosition, parameters: noteAverage(noteStart(state, blend), emaDecay) };
}

interface Start {
  readonly weights: Weights;
  readonly seed: number;
  readonly readWeight?: ReadWeight | undefined;
  /** Starts from these tensors instead. */
  readonly trained?: ReadonlyMap<string, Tensor> | undefined;
}

/** Every trainable at its start, with moments of zero. */
export async function startState(trainables: readonly Trainable[], start: Start): Promise<OptimizerState> {
  const state = new Map<string, Moments>();
  for (const trainable of trainables) {
    const parameter = await firstValues(trainable, start);
    const [first, second] = [new Float32Array(parameter.length), new Float32Array(parameter.length)];
    state.set(trainable.name, { parameter, first, second });
  }
  return state;
}

/** What the backbone's trainables begin as, by name. */
export async function startTensors({
  chosen,
  backbone,
  recipe,
  options,
}: FitPlan): Promise<Map<string, Tensor>> {
  const { model, readWeight } = options;
  const tensors = new Map<string, Tensor>();
  for (const trainable of chosen.adaptation.trainables(backbone)) {
    const start = { weights: model.weights, seed: recipe.seed, readWeight };
    tensors.set(trainable.name, { shape: trainable.shape, data: await firstValues(trainable, start) });
  }
  return tensors;
}

/** What one trainable begins as: the same whenever it is asked for. */
export async function firstValues(
  trainable: Trainable,
  { weights, seed, readWeight, trained }: Start,
): Promise<Float32Array> {
  if (trained) return trainedCopy(trainable, trained);
  const { name, shape, start, from } = trainable;
  const parameter =
    start === "frozen"
      ? await frozenStart(from ?? { name, make: (weight) => weight }, { weights, readWeight })
      : start(randomStream(seed, "start", name));
  if (parameter.length !== sizeOf(shape))
    throw new InputError(
      `Trainable "${name}" of shape ${renderShape(shape)} starts with ${parameter.length} values; its method must make ${sizeOf(shape)}.`,
    );
  return parameter;
}

function trainedCopy({ name, shape }: Trainable, trained: ReadonlyMap<string, Tensor>): Float32Array {
  const tensor = trained.get(name);
  if (!tensor || !sameShape(tensor.shape, shape))
    throw new InputError(
      (show) =>
        `${show("continueFrom")}: tensor "${name}" must have shape ${renderShape(shape)}, got ${tensor ? renderShape(tensor.shape) : "none"}.`,
    );
  return Float32Array.from(tensor.data);
}

const frozenStart = async (
  { name, make }: FrozenSource,
  parts: { weights: Weights; readWeight: ReadWeight | undefined },
): Promise<Float32Array> => make(await frozenCopy(name, parts));

async function frozenCopy(
  name: string,
  { weights, readWeight }: { weights: Weights; readWeight: ReadWeight | undefined },
): Promise<Float32Array> {
  const weight = weights.get(name);
  if (!weight) throw new FileError(`The model has no weight "${name}".`);
  if (!isStored(weight)) return Float32Array.from(weight.data);
  if (!readWeight)
    throw new InputError(
      `Weight "${name}" lies in a file, and training starts from it. Give fit() the option readWeight, or weights in memory.`,
    );
  return (await readWeight(weight)).data;
}
