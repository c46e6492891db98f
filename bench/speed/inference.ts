/** How fast images are classified: by a plain model, with an adapter, merged, in 8 bits, and by the file that others would run. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Adapter } from "../../src/adapter/adapter.ts";
import { allTrainables } from "../../src/adapter/head.ts";
import { mergeAdapter } from "../../src/adapter/merge.ts";
import { randomModel, storedModel } from "../../src/bench/random-model.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { openOnnxFile } from "../../src/engine/onnx-file.ts";
import { openEngine } from "../../src/engine/open-engine.ts";
import { classifierModel, inputName } from "../../src/export/classifier-model.ts";
import { writeOnnx } from "../../src/export/write-onnx.ts";
import { sizeOf, type Tensor } from "../../src/formats/tensor.ts";
import { chooseMethod } from "../../src/methods/methods.ts";
import { backboneOf, isVariant, variants } from "../../src/model/architectures.ts";
import type { Model } from "../../src/model/model.ts";
import { ClassifierSessions } from "../../src/predict/classifier-sessions.ts";
import { defaultSteps } from "../../src/preprocessing/step-list.ts";
import { randomStream } from "../../src/random.ts";

export const inferenceKinds = ["plain file", "plain", "adapter", "merged", "merged int8"] as const;

const classes = 100;

/** What runs a batch of images once; `close` frees it. */
interface Runner {
  readonly run: (images: Float32Array) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

interface InferenceOptions {
  readonly batchSize: number;
  readonly threads: number | undefined;
  readonly timed: (images: number, run: () => Promise<unknown>) => Promise<number>;
}

/** Images per second of a model of size `name`, with random weights. */
export async function inference(
  name: string,
  kind: string,
  { batchSize, threads, timed }: InferenceOptions,
): Promise<number> {
  const size = isVariant(name) ? variants[name] : undefined;
  if (!size) throw new Error(`${name} is no size of a model.`);
  const folder = await mkdtemp(join(tmpdir(), "rlrr-bench-"));
  await using engine = await openEngine({ threads });
  try {
    const model = await randomModel(name, { ...size, classes }, folder);
    const runner = await runnerOf(kind, model, { folder, engine, batchSize, threads });
    const [height, width] = size.imageSize;
    const images = randomStream(1, "images").fillUniform(new Float32Array(batchSize * 3 * height * width), {
      ...{ low: -1, high: 1 },
    });
    const rate = await timed(batchSize, () => runner.run(images));
    await runner.close();
    return rate;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Place {
  readonly folder: string;
  readonly engine: Engine;
  readonly batchSize: number;
  readonly threads: number | undefined;
}

async function runnerOf(kind: string, model: Model, place: Place): Promise<Runner> {
  const { folder, engine, batchSize } = place;
  if (kind === "plain file") return runFile(model, place);
  if (kind === "plain") return runSession(new ClassifierSessions({ model, engine }), batchSize);
  const adapter = randomAdapter(model);
  if (kind === "adapter") return runSession(new ClassifierSessions({ model, adapter, engine }), batchSize);
  const weights = await mergeAdapter(model, adapter, engine);
  const merged = await storedModel(model, weights, join(folder, "merged.safetensors"));
  const precision = kind === "merged int8" ? "int8" : "fp32";
  return runSession(new ClassifierSessions({ model: merged, engine, precision }), batchSize);
}

async function runSession(sessions: ClassifierSessions, batchSize: number): Promise<Runner> {
  const session = await sessions.get(batchSize);
  return { run: (images) => session.run({ images }), close: () => session.close() };
}

/** As any other program would run what `rlrr export` writes: with ONNX Runtime's own settings. */
async function runFile(model: Model, { folder, engine, batchSize, threads }: Place): Promise<Runner> {
  const path = join(folder, "model.onnx");
  await writeOnnx(path, await classifierModel({ model, adapter: undefined }, { engine }), "beside");
  const file = await openOnnxFile(path, { threads });
  const shape = [batchSize, 3, ...model.config.imageSize];
  return {
    run: (data) => file.run({ [inputName]: { data, shape } }),
    close: () => file.close(),
  };
}

function randomAdapter(model: Model): Adapter {
  const { choice, adaptation } = chooseMethod({ name: "rlrr" }, "bench");
  const tensors = allTrainables(adaptation, backboneOf(model.config), classes).map(
    ({ name, shape }): [string, Tensor] => {
      const data = randomStream(1, name).fillUniform(new Float32Array(sizeOf(shape)), {
        ...{ low: -0.1, high: 0.1 },
      });
      return [name, { shape, data }];
    },
  );
  return {
    base: { id: model.id, sha256: "" },
    ...{ method: choice, preprocessing: defaultSteps(model.config.imageSize), config: model.config },
    labels: Array.from({ length: classes }, (_, at) => String(at)),
    training: {},
    tensors: new Map(tensors),
  };
}
