/** Accuracy and loss on validation images, with the trained tensors as they are. */

import type { Engine } from "../engine/engine.ts";
import { type Graph, input } from "../graph/value.ts";
import type { Adaptation, Trainable } from "../methods/method.ts";
import { constantsOf } from "../model/frozen.ts";
import type { Model } from "../model/model.ts";
import { head, type WeightOf } from "../model/vit.ts";
import { crossEntropy } from "../predict/metrics.ts";
import { predictGraph } from "../predict/predict-graph.ts";
import type { OptimizerState } from "./adamw.ts";
import type { ExampleSource } from "./example-source.ts";
import { countCorrect } from "./step.ts";
import { inputsFor } from "./train-graph.ts";

export interface Validator {
  /** Mean cross-entropy (not a number where a logit is none) and percent right. */
  readonly validate: (
    state: OptimizerState,
    onProgress: (done: number) => void,
  ) => Promise<{ loss: number; top1: number }>;
  readonly close: () => Promise<void>;
}

export interface ValidatorOptions {
  readonly model: Model;
  readonly adaptation: Adaptation;
  readonly trainables: readonly Trainable[];
  readonly classes: number;
  readonly source: ExampleSource;
  readonly engine: Engine;
  readonly batchSize: number;
}

/** Compiles the prediction graph once, trained tensors being inputs. */
export async function openValidator(options: ValidatorOptions): Promise<Validator> {
  const { classes, source, engine, batchSize } = options;
  const session = await engine.compile(validationGraph(options));
  return {
    validate: async (state, onProgress) => {
      const trained = Object.fromEntries([...state].map(([name, { parameter }]) => [name, parameter]));
      let [seen, loss, correct] = [0, 0, 0];
      for await (const batch of source.val(batchSize)) {
        const feeds = { ...trained, [source.input]: batch.input };
        const { logits = new Float32Array() } = await session.run(feeds);
        for (let row = 0; row < batch.count; row++)
          loss += crossEntropy(logits.subarray(row * classes, (row + 1) * classes), batch.labels[row] ?? 0);
        correct += countCorrect(logits, batch, classes);
        seen += batch.count;
        onProgress(seen);
      }
      return { loss: loss / seen, top1: (100 * correct) / seen };
    },
    close: () => session.close(),
  };
}

function validationGraph({ model, adaptation, trainables, source, batchSize }: ValidatorOptions): Graph {
  const trained = inputsFor(trainables);
  if (source.input === "features")
    return { outputs: { logits: head(input("features", [batchSize, model.config.width]), trained) } };
  const adapted = adaptation.adapt(constantsOf(model.weights), trained);
  const weights: WeightOf = (name) => (name.startsWith("head.") ? trained(name) : adapted(name));
  return predictGraph(weights, { config: model.config, batchSize, withHead: true });
}
