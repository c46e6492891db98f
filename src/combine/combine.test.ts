import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { writeTinyDataset } from "../../test/tiny-dataset.ts";
import { randomAdapter, tinyModel } from "../../test/tiny-model.ts";
import type { Adapter } from "../adapter/adapter.ts";
import { readAdapter, writeAdapter } from "../adapter/adapter-file.ts";
import { mergeAdapter } from "../adapter/merge.ts";
import { referenceEngine } from "../engine/reference.ts";
import type { Tensor, Weights } from "../formats/tensor.ts";
import { readWeight } from "../formats/weight-bytes.ts";
import { load } from "../predict/load.ts";
import { combine } from "./combine.ts";

const root = temporaryFolder("combine");
const model = tinyModel();
const engine = referenceEngine();
let written = 0;

/** Writes the adapter, and says where. */
async function keep(adapter: Adapter): Promise<string> {
  const path = join(root, `adapter ${written++}`);
  await writeAdapter(path, adapter);
  return path;
}
/** Two adapters of one method may have other numbers: those of the second are a part of the first's. */
const other = (adapter: Adapter): Adapter => ({
  ...adapter,
  tensors: new Map(
    [...adapter.tensors].map(([name, { shape, data }]) => [
      name,
      { shape, data: data.map((x, at) => 0.4 * x + 0.1 * ((at % 3) - 1)) },
    ]),
  ),
});
const out = () => join(root, `out ${written++}`);
const merged = (adapter: Adapter): Promise<Weights> => mergeAdapter(model, adapter, engine);
const numbers = async (weights: Weights, name: string): Promise<Tensor> => {
  const weight = weights.get(name);
  if (!weight) throw new Error(`no ${name}`);
  return readWeight(weight);
};

/** W + Σ wᵢ·(1 - t)·(Wᵢ - W), and the mean of the heads. */
async function expectSum(path: string, parts: readonly (readonly [number, Adapter])[], towardsBase = 0) {
  const result = await merged(await readAdapter(path));
  const each = await Promise.all(
    parts.map(async ([weight, adapter]) => [weight, await merged(adapter)] as const),
  );
  const total = parts.reduce((sum, [weight]) => sum + weight, 0);
  for (const name of result.keys()) {
    const isHead = name.startsWith("head.");
    const own = await numbers(model.weights, name);
    const given = await numbers(result, name);
    const afters = await Promise.all(
      each.map(async ([weight, weights]) => [weight, await numbers(weights, name)] as const),
    );
    for (const [at, value] of given.data.entries()) {
      const before = isHead ? 0 : (own.data[at] ?? 0);
      const expected = afters.reduce(
        (sum, [weight, { data }]) =>
          sum + (isHead ? weight / total : weight * (1 - towardsBase)) * ((data[at] ?? Number.NaN) - before),
        before,
      );
      expect(Math.abs(value - expected), `${name} ${at}`).toBeLessThan(2e-6);
    }
  }
}

describe("combine, by weights", () => {
  it.each<[string, Record<string, unknown>, Record<string, unknown>, string, Record<string, unknown>]>([
    ["rlrr", {}, { rank: 2 }, "rlrr", { rank: 3 }],
    ["rlrr", { side: "left" }, { side: "left" }, "full", {}],
    ["lora", { rank: 2, alpha: 4 }, { rank: 3 }, "lora", { rank: 5, alpha: 5 }],
    ["lora", { sites: ["q"] }, { sites: ["fc1"] }, "full", {}],
    ["ssf", {}, {}, "ssf", {}],
    ["linear", {}, {}, "linear", {}],
    ["full", {}, {}, "full", {}],
  ])("sums what %s with %j and %j change, as %s", async (name, options, others, method, kept) => {
    const one = await randomAdapter(model, { name, options });
    const two = other(await randomAdapter(model, { name, options: others }));
    const path = out();
    const done = await combine([await keep(one), await keep(two)], path, { model, weights: [0.7, 0.5] });
    expect(done.method.name).toBe(method);
    expect(done.method.options).toMatchObject(kept);
    await expectSum(path, [
      [0.7, one],
      [0.5, two],
    ]);
  });

  it("sums what two methods change, and goes some way to the base", async () => {
    const [one, two] = [
      await randomAdapter(model, { name: "rlrr" }),
      await randomAdapter(model, { name: "lora" }),
    ];
    const path = out();
    await combine([await keep(one), await keep(two)], path, { model, towardsBase: [0.25] });
    await expectSum(
      path,
      [
        [0.5, one],
        [0.5, two],
      ],
      0.25,
    );
  });

  it("is the base with the adapter's head, all the way there", async () => {
    const one = await randomAdapter(model, { name: "rlrr" });
    const path = out();
    await combine([await keep(one)], path, { model, towardsBase: [1] });
    const result = await merged(await readAdapter(path));
    for (const name of ["blocks.0.q.weight", "norm.weight", "patch.bias", "blocks.1.fc2.bias"])
      expect((await numbers(result, name)).data).toEqual((await numbers(model.weights, name)).data);
    expect((await numbers(result, "head.weight")).data).toEqual(one.tensors.get("head.weight")?.data);
  });

  it("takes a head's rows by the names of their classes", async () => {
    const one = await randomAdapter(model, { name: "linear" });
    const two = await randomAdapter(model, { name: "linear" }, { labels: ["d", "c", "b", "a"] });
    const path = out();
    await combine([await keep(one), await keep(two)], path, { model });
    const [a, b] = [one, two].map(({ tensors }) => tensors.get("head.bias")?.data ?? []);
    const { tensors, labels } = await readAdapter(path);
    expect(labels).toEqual(["a", "b", "c", "d"]);
    for (const at of [0, 1, 2, 3])
      expect(tensors.get("head.bias")?.data[at]).toBeCloseTo(((a?.[at] ?? 0) + (b?.[3 - at] ?? 0)) / 2, 6);
  });

  it("records what it is made of", async () => {
    const one = await randomAdapter(model, { name: "linear" });
    const path = out();
    await combine([await keep(one)], path, { model });
    expect((await readAdapter(path)).training).toMatchObject({
      combined: {
        by: "weights",
        towardsBase: 0,
        from: [{ weight: 1, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }],
      },
    });
  });
});

describe("combine, by parameters", () => {
  it("averages what methods trained that add no weight", async () => {
    const one = await randomAdapter(model, { name: "vpt-deep", options: { tokens: 2 } });
    const path = out();
    await combine([await keep(one), await keep(other(one))], path, {
      model,
      by: "parameters",
      weights: [1, 3],
    });
    const { tensors, method } = await readAdapter(path);
    expect(method.name).toBe("vpt-deep");
    for (const [name, { data }] of tensors) {
      const [a, b] = [one, other(one)].map((adapter) => adapter.tensors.get(name)?.data ?? []);
      for (const [at, value] of data.entries())
        expect(value).toBeCloseTo(0.25 * (a?.[at] ?? Number.NaN) + 0.75 * (b?.[at] ?? Number.NaN), 6);
    }
  });
});

describe("combine, with data", () => {
  it("chooses by validation images that no adapter was trained on, and calibrates", async () => {
    const dataset = await writeTinyDataset(join(root, "data"), { train: 4, val: 6 });
    const labels = dataset.classes;
    const one = await randomAdapter(model, { name: "rlrr" }, { labels });
    const path = out();
    const { curve, towardsBase } = await combine([await keep(one)], path, {
      ...{ model, towardsBase: [0, 0.5, 1], data: dataset, threads: 1 },
    });
    expect(curve.map(({ images, split }) => [images, split])).toEqual(
      [18, 18, 18].map((images) => [images, "val"]),
    );
    const best = Math.max(...curve.map(({ top1 }) => top1));
    expect(curve.find((point) => point.towardsBase === towardsBase)?.top1).toBe(best);
    const kept = await readAdapter(path);
    expect(kept.calibration?.images).toBe(18);
    expect(kept.training).toMatchObject({
      validation: "held-out",
      validationTop1: best,
      validationImages: 18,
    });
    await using loaded = await load({ adapter: path, model }, { threads: 1 });
    expect((await loaded.evaluate(dataset, { split: "val" })).metrics.top1).toBe(best);
  });
});

describe("combine refuses", () => {
  it("what cannot be combined, with a next step", async () => {
    const rlrr = await keep(await randomAdapter(model, { name: "rlrr" }));
    const lora = await keep(await randomAdapter(model, { name: "lora" }));
    const vpt = await keep(await randomAdapter(model, { name: "vpt-deep", options: { tokens: 2 } }));
    const classes = await keep(
      await randomAdapter(model, { name: "rlrr" }, { labels: ["a", "b", "c", "x"] }),
    );
    const refused = (paths: string[], options: object) =>
      expect(combine(paths, out(), { model, ...options })).rejects;
    await refused([], {}).toThrow("combine takes the paths of adapters or runs, in a list; got [].");
    await refused([rlrr, lora], { weights: [1] }).toThrow(
      "weights must be one number for each of the 2 adapters, got [1].",
    );
    await refused([rlrr, lora], { weights: [1, -1] }).toThrow(
      "The sum of weights must be above 0, since heads are averaged by them.",
    );
    await refused([rlrr], { towardsBase: [2] }).toThrow(
      "towardsBase must be numbers from 0, the adapters, to 1, their base; got [2].",
    );
    await refused([rlrr], { towardsBase: [0, 1] }).toThrow(
      "Of several values of towardsBase, validation images choose one. Name them with data.",
    );
    await refused([rlrr, lora], { by: "parameters" }).toThrow(
      'so their parameters do not correspond. by: "weights" sums what they change instead.',
    );
    await refused([rlrr, vpt], {}).toThrow("Evaluate and predict can ask several adapters together instead.");
    await refused([rlrr, classes], {}).toThrow(
      `${classes}: its head lacks the class "d" of the first adapter. Only adapters of the same classes can answer together; train them on the same data.`,
    );
    await expect(combine([rlrr], root, { model })).rejects.toThrow(`${root} is not empty.`);
  });
});

describe("load, with several adapters", () => {
  it("averages their probabilities", async () => {
    const [one, two] = [
      await randomAdapter(model, { name: "rlrr" }),
      await randomAdapter(
        model,
        { name: "vpt-deep", options: { tokens: 2 } },
        { labels: ["b", "a", "c", "d"] },
      ),
    ];
    const paths = [await keep(one), await keep(two)];
    const image = {
      width: 8,
      height: 8,
      data: Uint8Array.from({ length: 8 * 8 * 3 }, (_, at) => (at * 37) % 256),
    };
    const ask = async (adapter: string | string[]) => {
      await using loaded = await load({ adapter, model }, { threads: 1 });
      for await (const { labels } of loaded.predict(image))
        return new Map(labels?.map(({ label, probability }) => [label, probability]));
      throw new Error("no answer");
    };
    const [first, second, both] = [await ask(paths[0] ?? ""), await ask(paths[1] ?? ""), await ask(paths)];
    for (const label of ["a", "b", "c", "d"])
      expect(both.get(label)).toBeCloseTo(((first.get(label) ?? 0) + (second.get(label) ?? 0)) / 2, 5);
  });
});
