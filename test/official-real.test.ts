/** The official code's first steps on real images with a real ViT-Ti/16. Skipped where weights and images are not at hand. */

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allTrainables } from "../src/adapter/head.ts";
import { batches } from "../src/datasets/batches.ts";
import type { Engine } from "../src/engine/engine.ts";
import { openEngine } from "../src/engine/open-engine.ts";
import { sizeOf } from "../src/formats/tensor.ts";
import { openImageStore } from "../src/images/image-store.ts";
import type { Trainable } from "../src/methods/method.ts";
import { rlrr } from "../src/methods/rlrr.ts";
import { backboneOf } from "../src/model/architectures.ts";
import { readModel } from "../src/model/read-model.ts";
import { constantsOf } from "../src/model/weight-constants.ts";
import { defaultSteps } from "../src/preprocessing/step-list.ts";
import { optimizerStep } from "../src/train/step.ts";
import { trainGraph } from "../src/train/train-graph.ts";
import { type GoldenTensor, readGolden } from "./golden.ts";

interface Golden {
  readonly weights: string;
  readonly data: string;
  readonly list: string;
  readonly classes: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly losses: readonly number[];
  readonly logitsAfterOfFirstFour: GoldenTensor;
}
const golden = readGolden<Golden>("real-steps");
const shared = process.env.RLRR_DATA ?? fileURLToPath(new URL("../../shared/data", import.meta.url));
const weights = `${shared}/backbones/${golden.weights}`;
const data = `${shared}/datasets/${golden.data}`;

/** The start that parity/make_real_golden.py gave to every trainable: waves of its elements. */
function wave({ name, shape }: Trainable): Float32Array {
  const kind = name.split(".").at(-1);
  return Float32Array.from({ length: sizeOf(shape) }, (_, k) => {
    const sine = Math.sin(k + 1);
    if (name.startsWith("head.")) return 0;
    if (kind === "scale") return 1 + 0.02 * sine;
    return (kind === "left" ? 0.1 : kind === "right" ? 1 : 0.02) * sine;
  });
}

describe.skipIf(!existsSync(weights) || !existsSync(data))(
  "the official code on real images (needs RLRR_DATA or ../shared/data)",
  () => {
    let engine: Engine;
    beforeAll(async () => {
      engine = await openEngine();
    });
    afterAll(() => engine.close());

    it("takes the same steps, to the same logits", { timeout: 300_000 }, async () => {
      const { batchSize, classes, learningRate, weightDecay, losses } = golden;
      const model = await readModel(weights);
      const backbone = backboneOf(model.config);
      const adaptation = rlrr.create({});
      const trainables = allTrainables(adaptation, backbone, classes);
      const frozen = constantsOf(model.weights);
      const drop = { rate: 0, kind: "element" } as const;
      const { graph, random } = trainGraph({
        ...{ backbone, frozen, adaptation, trainables, classes, batchSize, drop },
      });
      const session = await engine.compile(graph);
      const state = new Map(
        trainables.map((one) => {
          const parameter = wave(one);
          const [first, second] = [new Float32Array(parameter.length), new Float32Array(parameter.length)];
          return [one.name, { parameter, first, second }];
        }),
      );
      const context = {
        ...({ session, random, input: "images", trainables, classes, microBatchSize: batchSize } as const),
        ...{ labelSmoothing: 0, clipNorm: 0, weightDecay, emaDecay: 0, seed: 0 },
      };
      const examples = readFileSync(`${data}/${golden.list}`, "utf8")
        .split("\n")
        .slice(0, batchSize * losses.length)
        .map((line) => line.split(" "))
        .map(([path = "", label]) => ({ path: `${data}/${path}`, label: Number(label) }));
      const store = openImageStore();
      const taken: number[] = [];
      let first: Float32Array<ArrayBuffer> | undefined;
      for await (const { images, labels, count } of batches(examples, {
        ...{ store, steps: defaultSteps([224, 224]), batchSize },
      })) {
        first ??= images.slice();
        const place = { state, step: taken.length + 1, learningRate };
        taken.push((await optimizerStep(context, [{ numbers: images, labels, count }], place)).loss);
      }
      await store.close();
      expect(taken).toBeCloseToTensor(losses, { relative: 1e-4 });
      const { logits = new Float32Array() } = await session.run({
        ...Object.fromEntries([...state].map(([name, { parameter }]) => [name, parameter])),
        images: first ?? new Float32Array(),
        targets: new Float32Array(batchSize * classes),
      });
      const { data: expected } = golden.logitsAfterOfFirstFour;
      const largest = Math.max(...expected.map(Math.abs));
      for (const [at, logit] of expected.entries())
        expect(Math.abs(logit - (logits[at] ?? Number.NaN)) / largest).toBeLessThan(1e-3);
    });
  },
);
