import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { randomNumbers } from "../../test/random-numbers.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { randomAdapter, tinyModel } from "../../test/tiny-model.ts";
import { tiny } from "../../test/tiny-vit.ts";
import { openEngine } from "../engine/open-engine.ts";
import { FileError } from "../errors.ts";
import { isStored, type Tensor, type Weights } from "../formats/tensor.ts";
import { readWeight } from "../formats/weight-bytes.ts";
import { backboneOf } from "../model/architectures.ts";
import type { Model } from "../model/model.ts";
import { readModel } from "../model/read-model.ts";
import { writeModel } from "../model/write-model.ts";
import { classifierGraph } from "../predict/classifier.ts";
import type { Adapter } from "./adapter.ts";
import { mergeAdapter } from "./merge.ts";

const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());
const model = tinyModel();
const folder = join(temporaryFolder("merge"), "base");
await writeModel(folder, model);
/** The same base, its weights on disk. */
const stored = await readModel(folder);

const images = randomNumbers(2 * 3 * 8 * 8);
async function logitsOf(base: Model, adapter?: Adapter): Promise<Float32Array> {
  const session = await engine.compile(classifierGraph({ model: base, adapter, batchSize: 2 }));
  const { logits = new Float32Array() } = await session.run({ images });
  await session.close();
  return logits;
}

const mergedModel = (weights: Weights, { config, labels }: Adapter): Model => ({
  ...model,
  ...{ config, labels, weights },
});

/** All weights in memory. */
async function inMemory(weights: Weights): Promise<Map<string, Tensor>> {
  const read = [...weights].map(async ([name, weight]) => [name, await readWeight(weight)] as const);
  return new Map(await Promise.all(read));
}

/** Names of weights that are not bit for bit those of the base. */
const changed = (weights: ReadonlyMap<string, Tensor>, base: ReadonlyMap<string, Tensor>): string[] =>
  [...weights].flatMap(([name, { data }]) => {
    const bytes = (numbers: Float32Array = new Float32Array()) => Buffer.from(numbers.slice().buffer);
    return bytes(data).equals(bytes(base.get(name)?.data)) || name.startsWith("head.") ? [] : [name];
  });

const methods = [
  ["rlrr", {}],
  ["rlrr", { rank: 3 }],
  ["rlrr", { side: "left" }],
  ["rlrr", { side: "right" }],
  ["rlrr", { residual: false }],
  ["rlrr", { side: "left", residual: false }],
  ["rlrr", { sites: ["q", "fc2"] }],
  ["rlrr", { sites: ["norm", "patch"] }],
  ["linear", {}],
  ["full", {}],
] as const;

describe("mergeAdapter", () => {
  it.each(methods)("gives the adapted model's logits: %s %j", async (name, options) => {
    const adapter = await randomAdapter(model, { name, options });
    const adapted = await logitsOf(model, adapter);
    const weights = await mergeAdapter(model, adapter, engine);
    expect(await logitsOf(mergedModel(weights, adapter))).toBeCloseToTensor(adapted, { relative: 1e-5 });
    expect(adapted.length).toBe(2 * 4);
    // and the base under the same head gives others, unless nothing but the head was trained
    const head = [...adapter.tensors].filter(([part]) => part.startsWith("head."));
    const frozen = await logitsOf(mergedModel(new Map([...model.weights, ...head]), adapter));
    if (name === "linear") expect(frozen).toEqual(adapted);
    else expect(frozen).not.toBeCloseToTensor(adapted, { relative: 1e-2 });
  });

  it("has every weight of a plain ViT, of its shape", async () => {
    const adapter = await randomAdapter(model, { name: "rlrr" });
    const weights = await mergeAdapter(model, adapter, engine);
    const shapes = new Map([...weights].map(([name, { shape }]) => [name, shape]));
    expect(shapes).toEqual(
      new Map([...backboneOf(tiny).shapes, ["head.weight", [4, 16]], ["head.bias", [4]]]),
    );
  });

  it("leaves the base as it was", async () => {
    const before = await inMemory(new Map([...model.weights].map(([name, weight]) => [name, copy(weight)])));
    await mergeAdapter(model, await randomAdapter(model, { name: "rlrr" }), engine);
    expect(changed(await inMemory(model.weights), before)).toEqual([]);
  });

  it.each(methods)("gives the same bits for a base on disk: %s %j", async (name, options) => {
    const adapter = await randomAdapter(model, { name, options });
    const [here, there] = await Promise.all(
      [model, stored].map(async (base) => inMemory(await mergeAdapter(base, adapter, engine))),
    );
    if (!here || !there) throw new Error("no weights");
    expect(isStored(stored.weights.get("cls") ?? { shape: [], data: new Float32Array() })).toBe(true);
    expect(changed(there, here)).toEqual([]);
    expect([...there.keys()]).toEqual([...here.keys()]);
  });

  it("leaves on disk what the method leaves alone", async () => {
    const adapter = await randomAdapter(model, { name: "rlrr", options: { sites: ["q"] } });
    const weights = await mergeAdapter(stored, adapter, engine);
    const inHand = [...weights].flatMap(([name, weight]) => (isStored(weight) ? [] : [name]));
    expect(inHand.sort()).toEqual([
      ...["blocks.0.q.bias", "blocks.0.q.weight", "blocks.1.q.bias", "blocks.1.q.weight"],
      ...["head.bias", "head.weight"],
    ]);
  });

  it.each([{ rank: 1 }, { rank: 3 }, { side: "left" }])(
    "gives the base's weights bit for bit where nothing was learned: %j",
    async (options) => {
      // scales of norms and patches multiply, so 1 leaves them; all others add to 1 or to a bias
      const fill = (name: string) => (name.startsWith("head.") ? undefined : name.endsWith(".scale") ? 1 : 0);
      const adapter = await randomAdapter(model, { name: "rlrr", options }, { fill });
      const weights = await inMemory(await mergeAdapter(model, adapter, engine));
      expect(changed(weights, await inMemory(model.weights))).toEqual([]);
    },
  );

  it.each([
    ["blocks.0.q.left", "blocks.0.q.weight"],
    ["blocks.1.norm2.shift", "blocks.1.norm2.bias"],
    ["head.bias", "head.bias"],
  ])("refuses what is no number in %s", async (name, weight) => {
    const adapter = await randomAdapter(model, { name: "rlrr" });
    const tensors = new Map(adapter.tensors);
    const tensor = tensors.get(name);
    if (!tensor) throw new Error(`nothing named ${name} trains`);
    tensors.set(name, { ...tensor, data: tensor.data.slice().fill(Number.NaN, 0, 1) });
    await expect(mergeAdapter(model, { ...adapter, tensors }, engine)).rejects.toThrow(
      new FileError(`merge: "${weight}" is NaN or infinite with this adapter on. The adapter is damaged.`),
    );
  });

  it("refuses numbers that are too large together", async () => {
    const fill = (name: string) => (name.endsWith(".left") || name.endsWith(".right") ? 1e30 : undefined);
    const adapter = await randomAdapter(model, { name: "rlrr" }, { fill });
    await expect(mergeAdapter(model, adapter, engine)).rejects.toThrow(
      'merge: "blocks.0.q.weight" is NaN or infinite with this adapter on. The adapter is damaged.',
    );
  });
});

function copy(weight: Parameters<typeof readWeight>[0]) {
  return isStored(weight) ? weight : { ...weight, data: weight.data.slice() };
}
