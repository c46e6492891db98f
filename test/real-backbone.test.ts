/** A real ViT-Ti/16 against numbers computed in float64, stage by stage. Skipped where the weights are not at hand. */

import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { allTrainables } from "../src/adapter/head.ts";
import type { Engine } from "../src/engine/engine.ts";
import { openEngine } from "../src/engine/open-engine.ts";
import { readSafetensors, readTensor } from "../src/formats/safetensors.ts";
import { sizeOf, type Tensor } from "../src/formats/tensor.ts";
import { constant, input } from "../src/graph/value.ts";
import { adaptedLayers } from "../src/methods/adapted-layers.ts";
import { rlrr } from "../src/methods/rlrr.ts";
import { backboneOf, plainVitOf } from "../src/model/architectures.ts";
import { affineOf, dense, weightLayers } from "../src/model/layers.ts";
import { readModel } from "../src/model/read-model.ts";
import { constantsOf } from "../src/model/weight-constants.ts";
import { gradientName, trainGraph } from "../src/train/train-graph.ts";

const data = process.env.RLRR_DATA ?? fileURLToPath(new URL("../../shared/data", import.meta.url));
const name = "vit_tiny_patch16_224_augreg_in21k_ft_in1k.safetensors";
const backbone = `${data}/backbones/${name}`;
const [batch, side] = [4, 224];

/** uint8 [4, 224, 224, 3] → ((x / 255) - 0.5) / 0.5 as [4, 3, 224, 224]. */
function readImages(): Float32Array {
  const bytes = readFileSync(`${data}/checks/golden_input_u8_4x224x224x3.bin`);
  return Float32Array.from({ length: bytes.length }, (_, i) => {
    const [column, row] = [i % side, Math.floor(i / side) % side];
    const [channel, image] = [Math.floor(i / side / side) % 3, Math.floor(i / side / side / 3)];
    return ((bytes[((image * side + row) * side + column) * 3 + channel] ?? 0) / 255 - 0.5) / 0.5;
  });
}

/** The largest difference over the largest number. */
function relativeDistance(actual: Float32Array, { data: expected }: Tensor): number {
  const size = expected.reduce((largest, x) => Math.max(largest, Math.abs(x)), 0);
  expect(actual.length).toBe(expected.length);
  return expected.reduce((worst, x, i) => Math.max(worst, Math.abs(x - (actual[i] ?? Number.NaN)) / size), 0);
}

describe.skipIf(!existsSync(backbone))("a real ViT-Ti/16 (needs RLRR_DATA or ../shared/data)", () => {
  let engine: Engine;
  beforeAll(async () => {
    engine = await openEngine();
  });
  afterAll(() => engine.close());

  it("gives the golden numbers at every stage", async () => {
    const model = await readModel(backbone);
    const golden = await readSafetensors(`${data}/checks/golden_${name}`);
    const weights = constantsOf(model.weights);
    const layers = weightLayers(affineOf(weights), weights);
    const values = backboneOf(model.config).forward(input("images", [batch, 3, side, side]), layers);
    const blocks = Object.fromEntries(values.blocks.map((value, block) => [`block${block}`, value]));
    const logits = dense(values.feature, affineOf(weights)({ name: "head" }));
    const session = await engine.compile({
      outputs: { embed: values.embedded, feature: values.feature, logits, ...blocks },
    });
    const outputs = await session.run({ images: readImages() });
    for (const stage of ["feature", "logits"])
      expect(
        relativeDistance(outputs[stage] ?? new Float32Array(), await readTensor(golden, stage)),
        stage,
      ).toBeLessThan(1e-4);
    for (const stage of ["embed", "block0"]) {
      const expected = await readTensor(golden, stage); // the first image alone
      expect(
        relativeDistance((outputs[stage] ?? new Float32Array()).subarray(0, expected.data.length), expected),
        stage,
      ).toBeLessThan(1e-4);
    }
    const { width, depth } = plainVitOf(model.config, "The test");
    const cls = await readTensor(golden, "cls_after_block"); // [4, 12, 192]
    for (let block = 0; block < depth; block++) {
      const all = outputs[`block${block}`] ?? new Float32Array();
      const rows = [0, 1, 2, 3].flatMap((image) => [
        ...all.subarray((image * all.length) / batch, (image * all.length) / batch + width),
      ]);
      const expected = [0, 1, 2, 3].flatMap((image) => [
        ...cls.data.subarray((image * depth + block) * width, (image * depth + block + 1) * width),
      ]);
      const distance = relativeDistance(Float32Array.from(rows), {
        shape: [batch, width],
        data: Float32Array.from(expected),
      });
      expect(distance, `CLS after block ${block}`).toBeLessThan(1e-4);
    }
  });

  it("gives the frozen model's logits exactly when all scales are zero", async () => {
    const model = await readModel(backbone);
    const frozen = constantsOf(model.weights);
    const adaptation = rlrr.create({ init: "identity" });
    const vit = backboneOf(model.config);
    const starts = adaptation.trainables(vit).map(({ name: trained, shape }) => {
      const fill = /(patch|norm\d?)\.scale$/.test(trained) ? 1 : 0;
      return [trained, constant({ shape, data: new Float32Array(sizeOf(shape)).fill(fill) })] as const;
    });
    const trained = new Map(starts);
    const neutral = adaptedLayers({
      ...{ frozen, adaptation },
      trained: (one) => trained.get(one) ?? frozen(one),
    });
    const images = input("images", [batch, 3, side, side]);
    const head = affineOf(frozen)({ name: "head" });
    const plain = dense(vit.forward(images, weightLayers(affineOf(frozen), frozen)).feature, head);
    const adapted = dense(vit.forward(images, neutral).feature, head);
    const session = await engine.compile({ outputs: { plain, adapted } });
    const outputs = await session.run({ images: readImages() });
    expect(outputs.adapted).toEqual(outputs.plain);
  });

  it("counts and differentiates every trainable tensor", async () => {
    const model = await readModel(backbone);
    const adaptation = rlrr.create({});
    const trainables = allTrainables(adaptation, backboneOf(model.config), 10);
    const { graph } = trainGraph({
      backbone: backboneOf(model.config),
      frozen: constantsOf(model.weights),
      adaptation,
      trainables,
      classes: 10,
      batchSize: 1,
      drop: { rate: 0, kind: "element" },
    });
    // 31·D·L + 4·D + 10·(D + 1) with D = 192, L = 12
    expect(trainables.reduce((total, { shape }) => total + sizeOf(shape), 0)).toBe(
      31 * 192 * 12 + 4 * 192 + 1930,
    );
    expect(trainables.every((one) => graph.outputs[gradientName(one.name)])).toBe(true);
  });
});
