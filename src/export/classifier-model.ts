/** What `predict` runs, as an ONNX model for any number of images: pixel_values → logits, all weights in memory. */

import type { Engine } from "../engine/engine.ts";
import { readExactly, withFile } from "../files/read-file.ts";
import type { OnnxConstant, OnnxModel } from "../formats/onnx-model.ts";
import { fuseNorms } from "../graph/fuse-norms.ts";
import { toOnnxModel } from "../graph/onnx.ts";
import { needed } from "../needed.ts";
import { classifierGraph } from "../predict/classifier.ts";
import type { OpenedModel } from "../predict/open-model.ts";
import { foldConstants } from "./fold-constants.ts";

/** The names that transformers.js and most others expect. */
export const inputName = "pixel_values";
export const outputName = "logits";

/** A prime that stands for the number of images: sizes of a model are products of smaller numbers. */
const anyBatch = 1_000_003;
const isFree = (size: number): boolean => size > 0 && size % anyBatch === 0;

export interface ClassifierModelOptions {
  readonly engine: Engine;
  readonly signal?: AbortSignal | undefined;
}

/** Outputs calibrated logits, as `predict` does, for every method, whether it can be merged or not. */
export async function classifierModel(
  { model, adapter }: Pick<OpenedModel, "model" | "adapter">,
  { engine, signal }: ClassifierModelOptions,
): Promise<OnnxModel> {
  const { outputs } = classifierGraph({ model, adapter, batchSize: anyBatch });
  const logits = needed(outputs.logits, "output of the classifier");
  const folded = await foldConstants({ outputs: { [outputName]: logits } }, { engine, isFree, signal });
  return fuseNorms(renamed(await inMemory(toOnnxModel(folded, { batch: anyBatch }))));
}

/** The same model with its one input named as others expect. */
function renamed(model: OnnxModel): OnnxModel {
  const inputs = model.inputs.map((port) => ({ ...port, name: inputName }));
  const from = model.inputs[0]?.name;
  const nodes = model.nodes.map((node) => ({
    ...node,
    inputs: node.inputs.map((name) => (name === from ? inputName : name)),
  }));
  return { ...model, inputs, nodes };
}

/** Every weight's bytes are read from the file that holds them. */
async function inMemory(model: OnnxModel): Promise<OnnxModel> {
  const constants: OnnxConstant[] = [];
  for (const one of model.constants) {
    if (one.data instanceof Uint8Array) constants.push(one);
    else {
      const { location: path, offset, length } = one.data;
      const data = await withFile(path, (handle) => readExactly(handle, { path, offset, length }));
      constants.push({ ...one, data });
    }
  }
  return { ...model, constants };
}
