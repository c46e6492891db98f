import { describe, expect, it } from "vitest";
import { randomNumbers } from "../../test/random-numbers.ts";
import { adaptedGraph, crossEntropy, randomWeights, tiny } from "../../test/tiny-vit.ts";
import { evaluate } from "../engine/reference.ts";
import { sizeOf } from "../formats/tensor.ts";
import { grad } from "../graph/grad.ts";
import { inputsOf } from "../graph/value.ts";
import { backboneOf } from "../model/architectures.ts";
import { chooseMethod } from "./methods.ts";

describe("full", () => {
  const { adaptation } = chooseMethod({ name: "full", options: {} }, "test");
  const trainables = adaptation.trainables(backboneOf(tiny));

  it("trains every weight of the backbone, from where it is", () => {
    expect(new Map(trainables.map(({ name, shape }) => [name, shape]))).toEqual(backboneOf(tiny).shapes);
    expect(new Set(trainables.map(({ start }) => start))).toEqual(new Set(["frozen"]));
  });

  it("counts the 85,798,656 numbers of ViT-B/16", () => {
    const config = {
      ...tiny,
      imageSize: [224, 224],
      patchSize: 16,
      width: 768,
      depth: 12,
      mlpWidth: 3072,
    } as const;
    const count = adaptation
      .trainables(backboneOf(config))
      .reduce((total, { shape }) => total + sizeOf(shape), 0);
    expect(count).toBe(85_798_656);
  });

  it("decays matrices, not vectors, CLS or positions", () => {
    for (const { name, decay, shape } of trainables)
      expect(decay, name).toBe(shape.length === 2 && name.endsWith(".weight"));
  });

  it("needs no frozen weight and reaches every trained one", () => {
    const { logits, trained } = adaptedGraph({ config: tiny, batch: 1, adaptation });
    const names = [...inputsOf({ outputs: { logits } }).keys()];
    expect(names.filter((name) => !name.startsWith("trained.")).sort()).toEqual([
      "head.bias",
      "head.weight",
      "images",
    ]);

    const weights = [...randomWeights(tiny)].flatMap(([name, { data }]) => [
      [name, data] as const,
      [`trained.${name}`, data] as const,
    ]);
    const feeds = { images: Float64Array.from(randomNumbers(192)), ...Object.fromEntries(weights) };
    const gradients = grad(crossEntropy(logits, [1]), [...trained.values()]);
    const named = [...trained.keys()].map((name, at) => [name, gradients[at] ?? logits] as const);
    // A key's bias moves every score of a row alike, which softmax does not see.
    for (const [name, { data }] of Object.entries(evaluate({ outputs: Object.fromEntries(named) }, feeds)))
      if (!name.endsWith(".k.bias")) expect(Math.max(...data.map(Math.abs)), name).toBeGreaterThan(1e-6);
  });
});
