/** The state that a run begins with. */

import { FileError } from "../errors.ts";
import { isStored, sizeOf } from "../formats/tensor.ts";
import { readWeight } from "../formats/weight-bytes.ts";
import type { Trainable } from "../methods/method.ts";
import type { Model } from "../model/model.ts";
import { randomStream } from "../random.ts";
import type { Moments, OptimizerState } from "./adamw.ts";

/** Every trainable at its start, with moments of zero. */
export async function freshState(
  model: Model,
  trainables: readonly Trainable[],
  seed: number,
): Promise<OptimizerState> {
  const state = new Map<string, Moments>();
  for (const { name, shape, start } of trainables) {
    const parameter =
      start === "frozen" ? await frozenCopy(model, name) : start(randomStream(seed, "start", name));
    const [first, second] = [new Float32Array(sizeOf(shape)), new Float32Array(sizeOf(shape))];
    state.set(name, { parameter, first, second });
  }
  return state;
}

async function frozenCopy(model: Model, name: string): Promise<Float32Array> {
  const weight = model.weights.get(name);
  if (!weight) throw new FileError(`The model has no weight "${name}".`);
  return isStored(weight) ? (await readWeight(weight)).data : Float32Array.from(weight.data);
}
