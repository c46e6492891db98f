import { describe, expect, it } from "vitest";
import { feedsOf, type GoldenTensor, type GoldenTensors, inFloat32, readGolden } from "../../test/golden.ts";
import { randomNumbers } from "../../test/random-numbers.ts";
import { adaptedGraph, crossEntropy, randomWeights, tiny } from "../../test/tiny-vit.ts";
import { openEngine } from "../engine/open-engine.ts";
import { evaluate } from "../engine/reference.ts";
import type { Shape } from "../formats/tensor.ts";
import { grad } from "../graph/grad.ts";
import { inputsOf, type Value } from "../graph/value.ts";
import { backboneOf, modelShapes } from "./architectures.ts";
import type { BranchSite } from "./backbone.ts";
import type { VitConfig } from "./vit.ts";

interface Golden {
  readonly config: VitConfig;
  readonly weights: GoldenTensors;
  readonly images: GoldenTensor;
  readonly stages: GoldenTensors;
}

/** The CLS row of each picture: [batch, tokens, D] → [batch · D]. */
function clsRows({ shape: [batch = 0, tokens = 0, width = 0], data }: GoldenTensor): number[] {
  return Array.from({ length: batch }, (_, image) =>
    data.slice(image * tokens * width, image * tokens * width + width),
  ).flat();
}

describe("vit against PyTorch", () => {
  const golden = readGolden<Golden>("vit");
  const { config, stages } = golden;
  const { embedded, blocks, feature, logits } = adaptedGraph({ config, batch: 2 });
  const graph = {
    outputs: {
      embed: embedded,
      feature,
      logits,
      ...Object.fromEntries(blocks.map((x, i) => [`block${i}`, x])),
    },
  };
  const feeds = feedsOf({ ...golden.weights, images: golden.images });
  const last = `block${config.depth - 1}`;
  const expected = Object.entries(stages).map(
    ([name, stage]) => [name, name === last ? clsRows(stage) : stage.data] as const,
  );

  it("knows every stage", () => {
    expect(expected.map(([name]) => name).sort()).toEqual(Object.keys(graph.outputs).sort());
  });

  it("gives every stage in float64", () => {
    const results = evaluate(graph, feeds);
    for (const [name, stage] of expected)
      expect(results[name]?.data, name).toBeCloseToTensor(stage, { relative: 1e-11 });
  });

  it("gives every stage in ONNX Runtime", async () => {
    const engine = await openEngine({ threads: 1 });
    const results = await (await engine.compile(graph)).run(inFloat32(feeds));
    await engine.close();
    for (const [name, stage] of expected)
      expect(results[name], name).toBeCloseToTensor(stage, { relative: 5e-6 });
  });
});

describe("vit", () => {
  const weights = randomWeights(tiny);
  const batch = 2;
  const images = randomNumbers(batch * 3 * 8 * 8, { seed: 99 });
  const feeds = {
    images: Float64Array.from(images),
    ...Object.fromEntries([...weights].map(([name, { data }]) => [name, data])),
  };

  it("gives what plain loops give, the last block for CLS alone", () => {
    const { embedded, blocks, feature, logits } = adaptedGraph({ config: tiny, batch });
    const [first, second] = blocks;
    expect([embedded.shape, first?.shape, second?.shape]).toEqual([
      [2, 5, 16],
      [2, 5, 16],
      [2, 1, 16],
    ]);
    const outputs = { first: first ?? embedded, feature, logits };
    const results = evaluate({ outputs }, feeds);
    for (let image = 0; image < batch; image++) {
      const plain = plainForward([...images].slice(image * 192, (image + 1) * 192), weights);
      const part = (name: keyof typeof outputs, size: number) =>
        results[name]?.data.slice(image * size, (image + 1) * size);
      // 1e-7: the graph holds 1/√8 in float32
      expect(part("first", 80)).toBeCloseToTensor(plain.first.flat(), { relative: 1e-7 });
      expect(part("feature", 16)).toBeCloseToTensor(plain.feature, { relative: 1e-7 });
      expect(part("logits", 3)).toBeCloseToTensor(plain.logits, { relative: 1e-7 });
    }
  });

  it("has the slope of finite differences along a random direction of all its weights", () => {
    const { logits } = adaptedGraph({ config: tiny, batch });
    const loss = crossEntropy(logits, [2, 0]);
    const inputs = [...inputsOf({ outputs: { loss } })].filter(([name]) => name !== "images");
    const gradients = grad(
      loss,
      inputs.map(([, value]) => value),
    );
    const named = Object.fromEntries(inputs.map(([name], at) => [name, gradients[at] as Value]));
    const exact = evaluate({ outputs: named }, feeds);
    const directions = new Map(
      inputs.map(([name, { shape }], at) => [
        name,
        randomNumbers(
          shape.reduce((a, b) => a * b, 1),
          { seed: 500 + at },
        ),
      ]),
    );
    const slope = [...directions].reduce(
      (total, [name, direction]) =>
        total + direction.reduce((sum, d, i) => sum + d * (exact[name]?.data[i] ?? Number.NaN), 0),
      0,
    );
    const lossAt = (step: number) => {
      const moved = Object.entries(feeds).map(([name, data]) => [
        name,
        data.map((x, i) => x + step * (directions.get(name)?.[i] ?? 0)),
      ]);
      return evaluate({ outputs: { loss } }, Object.fromEntries(moved)).loss?.data[0] ?? Number.NaN;
    };
    const h = 1e-5;
    expect([slope]).toBeCloseToTensor([(lossAt(h) - lossAt(-h)) / (2 * h)], { relative: 1e-6 });
    expect(Math.abs(slope)).toBeGreaterThan(0.1);
  });

  it("asks for every weight of modelShapes, and no other, but for the k bias that CLS alone cannot see", () => {
    const { logits } = adaptedGraph({ config: tiny, batch });
    const asked = [...inputsOf({ outputs: { logits } }).keys()].filter((name) => name !== "images");
    const unseen = `blocks.${tiny.depth - 1}.k.bias`;
    const names = [...modelShapes(tiny).keys()];
    expect(asked.sort()).toEqual(names.filter((name) => name !== unseen).sort());
  });

  it("multiplies each branch by its mask", () => {
    const asked: [number, string, Shape][] = [];
    const mask = ({ block, role }: BranchSite, shape: Shape) => {
      asked.push([block, role, shape]);
      return undefined;
    };
    adaptedGraph({ config: tiny, batch, mask });
    expect(asked).toEqual([
      [0, "attention", [2, 5, 16]],
      [0, "mlp", [2, 5, 16]],
      [1, "attention", [2, 1, 16]],
      [1, "mlp", [2, 1, 16]],
    ]);
  });

  it.each([
    [[224, 224], 16, 197],
    [[32, 48], 8, 25],
  ] as const)("has tokens of a %j image in patches of %i: %i", (imageSize, patchSize, tokens) => {
    expect(backboneOf({ ...tiny, imageSize, patchSize }).tokens).toBe(tokens);
  });

  it("refuses an image that patches do not fill", () => {
    const config = { ...tiny, imageSize: [8, 10] as const };
    expect(() => adaptedGraph({ config, batch })).toThrow(
      /^reshape: sizes are whole numbers above 0, got \[2, 3, 2, 4, 2\.5, 4\]\. Made at embed \(.*vit\.ts/,
    );
  });
});

type Row = readonly number[];
type Rows = readonly Row[];

/** One picture through the tiny ViT, in loops, all tokens through every block. */
function plainForward(image: Row, weights: ReturnType<typeof randomWeights>) {
  const { width, heads, depth, patchSize: p } = tiny;
  const of = (name: string): Row => [...(weights.get(name)?.data ?? [])];
  const dot = (a: Row, b: Row) => a.reduce((total, x, i) => total + x * (b[i] ?? 0), 0);
  const plus = (a: Row, b: Row): Row => a.map((x, i) => x + (b[i] ?? 0));
  const dense = (name: string, x: Row): Row =>
    of(`${name}.bias`).map((bias, out) => {
      const row = of(`${name}.weight`).slice(out * x.length, (out + 1) * x.length);
      return bias + dot(row, x);
    });
  const norm = (name: string, x: Row): Row => {
    const mean = x.reduce((a, b) => a + b) / x.length;
    const variance = x.reduce((total, value) => total + (value - mean) ** 2, 0) / x.length;
    const scale = of(`${name}.weight`);
    const shift = of(`${name}.bias`);
    return x.map(
      (value, i) => ((value - mean) / Math.sqrt(variance + 1e-6)) * (scale[i] ?? 0) + (shift[i] ?? 0),
    );
  };
  const softmax = (x: Row): Row => {
    const e = x.map(Math.exp);
    const total = e.reduce((a, b) => a + b);
    return e.map((value) => value / total);
  };

  // patches in rows of the picture; inside each, channel, row, column
  const patches: Rows = [0, 1, 2, 3].map((patch) =>
    [0, 1, 2].flatMap((channel) =>
      Array.from({ length: p * p }, (_, i) => {
        const row = Math.floor(patch / 2) * p + Math.floor(i / p);
        return image[channel * 64 + row * 8 + (patch % 2) * p + (i % p)] ?? 0;
      }),
    ),
  );
  const position = of("position");
  let x: Rows = [of("cls"), ...patches.map((patch) => dense("patch", patch))].map((token, at) =>
    plus(token, position.slice(at * width, (at + 1) * width)),
  );
  const after: Rows[] = [];
  for (let i = 0; i < depth; i++) {
    const block = `blocks.${i}`;
    const normed = x.map((token) => norm(`${block}.norm1`, token));
    const [q, k, v] = ["q", "k", "v"].map((name) => normed.map((token) => dense(`${block}.${name}`, token)));
    const size = width / heads;
    const mixed = x.map((_, token) =>
      Array.from({ length: heads }, (_, head) => {
        const cut = (row: Row | undefined) => (row ?? []).slice(head * size, (head + 1) * size);
        const shares = softmax((k ?? []).map((key) => dot(cut(q?.[token]), cut(key)) / Math.sqrt(size)));
        return cut(Array(width).fill(0)).map((_, at) =>
          dot(
            shares,
            (v ?? []).map((row) => cut(row)[at] ?? 0),
          ),
        );
      }).flat(),
    );
    x = x.map((token, at) => plus(token, dense(`${block}.o`, mixed[at] ?? [])));
    x = x.map((token) => {
      const hidden = dense(`${block}.fc1`, norm(`${block}.norm2`, token));
      return plus(token, dense(`${block}.fc2`, hidden.map(gelu)));
    });
    after.push(x);
  }
  const feature = norm("norm", x[0] ?? []);
  return { first: after[0] ?? [], feature, logits: dense("head", feature) };
}

/** x·Φ(x), Φ integrated from -9 by Simpson's rule. */
function gelu(x: number): number {
  const steps = 2000;
  const h = (x + 9) / steps;
  let total = 0;
  for (let i = 0; i <= steps; i++) {
    const t = -9 + i * h;
    const weight = i === 0 || i === steps ? 1 : i % 2 === 1 ? 4 : 2;
    total += weight * Math.exp((-t * t) / 2);
  }
  return (x * total * h) / 3 / Math.sqrt(2 * Math.PI);
}
