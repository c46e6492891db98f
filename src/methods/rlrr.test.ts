import { describe, expect, it } from "vitest";
import { feedsOf, type GoldenTensor, type GoldenTensors, inFloat32, readGolden } from "../../test/golden.ts";
import { randomNumbers } from "../../test/random-numbers.ts";
import {
  adaptationOf,
  countOf,
  frozenFeeds as frozen,
  gradientsOf,
  largest,
  logitsOf,
  startFeeds as startOf,
  vitB16,
} from "../../test/tiny-methods.ts";
import { adaptedGraph, crossEntropy, tiny } from "../../test/tiny-vit.ts";
import { openEngine } from "../engine/open-engine.ts";
import { evaluate } from "../engine/reference.ts";
import { sizeOf } from "../formats/tensor.ts";
import { grad } from "../graph/grad.ts";
import { type Graph, input } from "../graph/value.ts";
import { backboneOf, modelShapes } from "../model/architectures.ts";
import { type BranchSite, headShapes } from "../model/backbone.ts";
import type { VitConfig } from "../model/vit.ts";
import { randomStream } from "../random.ts";
import { adaptedTensors } from "./adapted-layers.ts";
import type { Adaptation } from "./method.ts";
import { rescale } from "./rlrr.ts";

const rlrr = (options: Record<string, unknown> = {}): Adaptation => adaptationOf("rlrr", options);

const base = { layerNormEps: 1e-6, classes: 0, imageSize: [224, 224] } as const;
const vitL16: VitConfig = { ...base, patchSize: 16, width: 1024, depth: 24, heads: 16, mlpWidth: 4096 };
const vitH14: VitConfig = { ...base, patchSize: 14, width: 1280, depth: 32, heads: 16, mlpWidth: 5120 };

describe("what RLRR trains", () => {
  // The paper's table 2 and its supplement C; by hand, ViT-B: 12·(27 + 4)·768 + 4·768 = 288,768
  it.each([
    ["ViT-B/16", vitB16, {}, 288_768],
    ["ViT-L/16", vitL16, {}, 765_952],
    ["ViT-H/14", vitH14, {}, 1_274_880],
    ["ViT-B/16, left alone", vitB16, { side: "left" }, 205_824],
    ["ViT-B/16, right alone", vitB16, { side: "right" }, 205_824],
    ["ViT-B/16 without residual", vitB16, { residual: false }, 288_768],
    // 2 more of each vector: q, k, v, o have 2·768, fc1 and fc2 768 + 3072: 12·2·(4·1536 + 2·3840) on top
    ["ViT-B/16, rank 3", vitB16, { rank: 3 }, 288_768 + 331_776],
    ["ViT-B/16, q and v alone", vitB16, { sites: ["q", "v"] }, 12 * 2 * 3 * 768],
    ["ViT-B/16, norms alone", vitB16, { sites: ["norm"] }, 12 * 2 * 2 * 768 + 2 * 768],
    ["ViT-B/16, patches alone", vitB16, { sites: ["patch"] }, 2 * 768],
  ])("%s", (_name, config, options, count) => {
    expect(countOf(rlrr(options), config)).toBe(count);
  });

  it("with a head of 100 classes: 365,668", () => {
    const head = [...headShapes(backboneOf(vitB16), 100).values()].reduce(
      (total, shape) => total + sizeOf(shape),
      0,
    );
    expect(countOf(rlrr(), vitB16) + head).toBe(365_668);
  });

  it("names and shapes of one block", () => {
    const shapes = rlrr()
      .trainables(backboneOf({ ...tiny, depth: 1 }))
      .map(({ name, shape }) => `${name} ${shape}`);
    expect(shapes).toEqual([
      "patch.scale 16",
      "patch.shift 16",
      "blocks.0.norm1.scale 16",
      "blocks.0.norm1.shift 16",
      ...["q", "k", "v", "o"].flatMap((name) => [
        `blocks.0.${name}.left 1,16`,
        `blocks.0.${name}.right 16,1`,
        `blocks.0.${name}.shift 16`,
      ]),
      "blocks.0.norm2.scale 16",
      "blocks.0.norm2.shift 16",
      "blocks.0.fc1.left 1,16",
      "blocks.0.fc1.right 32,1",
      "blocks.0.fc1.shift 32",
      "blocks.0.fc2.left 1,32",
      "blocks.0.fc2.right 16,1",
      "blocks.0.fc2.shift 16",
      "norm.scale 16",
      "norm.shift 16",
    ]);
  });
});

interface Golden {
  readonly config: VitConfig;
  readonly classes: number;
  readonly base: GoldenTensors;
  readonly trainables: GoldenTensors;
  readonly decayed: readonly string[];
  readonly images: GoldenTensor;
  readonly labels: readonly number[];
  readonly forward: Expected;
  readonly dropped: Expected & { readonly rates: readonly number[]; readonly keep: GoldenTensors };
}
interface Expected {
  readonly logits: GoldenTensor;
  readonly loss: number;
  readonly gradients: GoldenTensors;
}

describe("RLRR against the official code", () => {
  const golden = readGolden<Golden>("official-rlrr");
  const config = { ...golden.config, classes: golden.classes };
  const batch = golden.labels.length;
  const feeds = feedsOf({ ...golden.base, ...golden.trainables, images: golden.images });

  function trainingGraph(mask?: Parameters<typeof adaptedGraph>[0]["mask"]): Graph {
    const { logits, trained } = adaptedGraph({
      config,
      batch,
      adaptation: rlrr(),
      ...(mask ? { mask } : {}),
    });
    const loss = crossEntropy(logits, golden.labels);
    const gradients = grad(loss, [...trained.values()]);
    const named = [...trained.keys()].map((name, at) => [`d ${name}`, gradients[at] ?? loss] as const);
    return { outputs: { logits, loss, ...Object.fromEntries(named) } };
  }

  function expectGolden(
    results: Readonly<Record<string, ArrayLike<number> | undefined>>,
    { logits, loss, gradients }: Expected,
    relative: number,
  ) {
    expect(results.logits).toBeCloseToTensor(logits.data, { relative });
    expect(results.loss).toBeCloseToTensor([loss], { relative });
    // Where the gradient is zero but for rounding (keys' biases move no softmax), the others set the scale.
    const absolute = relative * 0.01;
    for (const [name, { data }] of Object.entries(gradients))
      expect(results[`d ${name}`], name).toBeCloseToTensor(data, { relative, absolute });
  }

  const dataOf = (results: ReturnType<typeof evaluate>) =>
    Object.fromEntries(Object.entries(results).map(([name, { data }]) => [name, data]));

  it("trains what it trains, and decays what it decays", () => {
    const trainables = rlrr().trainables(backboneOf(config));
    const official = Object.entries(golden.trainables).filter(([name]) => !name.startsWith("head"));
    expect(Object.fromEntries(trainables.map(({ name, shape }) => [name, shape]))).toEqual(
      Object.fromEntries(official.map(([name, { shape }]) => [name, shape])),
    );
    const decayed = trainables.filter(({ decay }) => decay).map(({ name }) => name);
    expect(decayed.sort()).toEqual(golden.decayed.filter((name) => !name.startsWith("head")).sort());
  });

  it("gives its logits, loss and every gradient in float64", () => {
    // 1e-7: constants of the graph, as 2/√π, are float32
    expectGolden(dataOf(evaluate(trainingGraph(), feeds)), golden.forward, 1e-7);
  });

  it("gives its logits, loss and every gradient in ONNX Runtime", async () => {
    const engine = await openEngine({ threads: 1 });
    const results = await (await engine.compile(trainingGraph())).run(inFloat32(feeds));
    await engine.close();
    expectGolden(results, golden.forward, 2e-5);
  });

  it("gives them under its dropout too", () => {
    const { rates, keep } = golden.dropped;
    const masks: Record<string, Float64Array> = {};
    const mask = ({ block, name }: BranchSite, shape: readonly number[]) => {
      const { shape: [, tokens = 0, width = 0] = [], data = [] } = keep[name] ?? {};
      const kept = data.filter((_, i) => Math.floor(i / width) % tokens < (shape[1] ?? 0));
      masks[`${name}.mask`] = Float64Array.from(kept, (one) => one / (1 - (rates[block] ?? 0)));
      return input(`${name}.mask`, shape);
    };
    const graph = trainingGraph(mask);
    expectGolden(dataOf(evaluate(graph, { ...feeds, ...masks })), golden.dropped, 1e-6);
  });
});

describe("the start of RLRR", () => {
  it("gives the frozen model exactly with scales of 0 and 1", async () => {
    const neutral = Object.fromEntries(
      rlrr()
        .trainables(backboneOf(tiny))
        .map(({ name, shape }) => [
          name,
          new Float64Array(sizeOf(shape)).fill(name.endsWith(".scale") ? 1 : 0),
        ]),
    );
    const feeds = { ...frozen, ...neutral };
    expect(logitsOf(feeds, rlrr())).toEqual(logitsOf(frozen));

    const engine = await openEngine({ threads: 1 });
    const [adapted, plain] = await Promise.all(
      [{ adaptation: rlrr() }, {}].map(async (options) => {
        const { logits } = adaptedGraph({ config: tiny, batch: 2, ...options });
        return (await engine.compile({ outputs: { logits } })).run(inFloat32(feeds));
      }),
    );
    await engine.close();
    expect(adapted).toEqual(plain);
  });

  it.each([
    {},
    { rank: 3 },
    { side: "left" },
    { side: "right" },
    { residual: false },
    { residual: false, rank: 3 },
  ])("identity gives the frozen model exactly and still learns: %j", (options) => {
    const adaptation = rlrr({ ...options, init: "identity" });
    const feeds = { ...frozen, ...startOf(adaptation) };
    expect(logitsOf(feeds, adaptation)).toBeCloseToTensor(logitsOf(frozen), { relative: 0, absolute: 0 });

    const before = gradientsOf(feeds, adaptation);
    const stepped = Object.fromEntries(
      Object.entries(before).map(([name, gradient]) => [
        name,
        (feeds[name] ?? new Float64Array()).map((x, i) => x - 0.1 * (gradient[i] ?? 0)),
      ]),
    );
    const after = gradientsOf({ ...feeds, ...stepped }, adaptation);
    for (const { name } of adaptation.trainables(backboneOf(tiny))) {
      // A key's shift moves every score of a row alike, which softmax does not see.
      if (name.endsWith(".k.shift")) continue;
      expect(largest(after[name]), name).toBeGreaterThan(1e-6);
      const waits = name.endsWith(".right") && !("side" in options) && !("residual" in options);
      if (waits) expect(largest(before[name]), name).toBe(0);
      else expect(largest(before[name]), name).toBeGreaterThan(1e-6);
    }
  });

  it("official moves the model, as published", () => {
    const adaptation = rlrr();
    const logits = logitsOf({ ...frozen, ...startOf(adaptation) }, adaptation);
    expect(() => expect(logits).toBeCloseToTensor(logitsOf(frozen), { relative: 1e-3 })).toThrow();
  });

  const drawnFor = (config: VitConfig, options: Record<string, unknown>) => {
    const drawn = rlrr(options)
      .trainables(backboneOf(config))
      .map(({ name, start }) => {
        if (start === "frozen") throw new Error(`${name} draws nothing`);
        return [name, start(randomStream(1, name))] as const;
      });
    return (pattern: RegExp) => {
      const numbers = drawn.filter(([name]) => pattern.test(name)).flatMap(([, data]) => [...data]);
      const mean = numbers.reduce((a, b) => a + b, 0) / numbers.length;
      const variance = numbers.reduce((total, x) => total + (x - mean) ** 2, 0) / numbers.length;
      const [lowest, highest] = [Math.min(...numbers), Math.max(...numbers)];
      return { mean, std: Math.sqrt(variance), lowest, highest };
    };
  };

  // Kaiming uniform: bound √(6/fan-in), standard deviation bound/√3
  it.each([
    ["left of 768 inputs", /\.(q|k|v|o|fc1)\.left$/, {}, Math.sqrt(6 / 768)],
    ["left of 3072 inputs", /fc2\.left$/, {}, Math.sqrt(6 / 3072)],
    ["right, whose fan-in is 1", /\.right$/, {}, Math.sqrt(6)],
    ["right of rank 4", /\.right$/, { rank: 4 }, Math.sqrt(6 / 4)],
    ["left of rank 4", /\.(q|fc1)\.left$/, { rank: 4 }, Math.sqrt(6 / 768)],
  ])("official draws %s uniformly within its bound", (_name, pattern, options, bound) => {
    const { mean, std, lowest, highest } = drawnFor({ ...vitB16, depth: 4 }, options)(pattern);
    expect(highest).toBeLessThanOrEqual(bound * (1 + 1e-7));
    expect(lowest).toBeGreaterThanOrEqual(-bound * (1 + 1e-7));
    expect(highest / bound).toBeGreaterThan(0.995);
    expect(lowest / bound).toBeLessThan(-0.995);
    expect(Math.abs(mean) / bound).toBeLessThan(0.02);
    expect((std / bound) * Math.sqrt(3)).toBeCloseTo(1, 1.5);
  });

  it("without residual is as far from W as with it, whatever the rank", () => {
    const start = (residual: boolean) => {
      const rows = rlrr({ rank: 4, residual }).trainables(backboneOf({ ...vitB16, depth: 1 }));
      const [left, right] = ["left", "right"].map((side) => {
        const row = rows.find(({ name }) => name === `blocks.0.q.${side}`);
        if (typeof row?.start !== "function") throw new Error("no random start");
        return row.start(randomStream(1, side));
      }) as [Float32Array, Float32Array];
      // multiplier - 1, along its first row
      return Array.from({ length: 768 }, (_, i) =>
        [0, 1, 2, 3].reduce(
          (sum, k) => sum + (right[k] as number) * (left[k * 768 + i] as number),
          residual ? 0 : -1,
        ),
      );
    };
    for (const residual of [true, false]) {
      const off = start(residual);
      expect(largest(off), `${residual}`).toBeLessThan(0.4);
      expect(Math.sqrt(off.reduce((sum, x) => sum + x * x, 0) / 768), `${residual}`).toBeGreaterThan(0.02);
    }
  });

  it("official draws scales near 1, shifts of norms and patches near 0, other shifts at 0", () => {
    const of = drawnFor({ ...vitB16, depth: 4 }, {});
    const scale = of(/\.scale$/);
    expect(scale.mean).toBeCloseTo(1, 3);
    expect(scale.std).toBeCloseTo(0.02, 3);
    const shift = of(/(norm\d?|patch)\.shift$/);
    expect(shift.mean).toBeCloseTo(0, 3);
    expect(shift.std).toBeCloseTo(0.02, 3);
    expect(of(/\.(q|k|v|o|fc1|fc2)\.shift$/)).toEqual({ mean: 0, std: 0, lowest: 0, highest: 0 });
  });
});

describe("rescale", () => {
  const [out, into] = [3, 4];
  const weight = randomNumbers(out * into, { seed: 1 });
  const left = randomNumbers(3 * into, { seed: 2 }); // [rank, in]
  const right = randomNumbers(out * 3, { seed: 3 }); // [out, rank]
  const feeds = { w: weight, left, right };
  const at = (numbers: Float32Array, i: number) => numbers[i] ?? Number.NaN;
  /** W ⊙ multiplier(out, in), in plain loops. */
  const expected = (multiplier: (o: number, i: number) => number) =>
    Array.from(weight, (w, k) => w * multiplier(Math.floor(k / into), k % into));
  const w = input("w", [out, into]);
  const of = (rank: number, sides: "left" | "right" | "both" | "none", residual: boolean) => {
    const y = rescale(w, {
      ...(sides === "left" || sides === "both" ? { left: input("left", [rank, into]) } : {}),
      ...(sides === "right" || sides === "both" ? { right: input("right", [out, rank]) } : {}),
      residual,
    });
    const cut = { ...feeds, left: left.slice(0, rank * into), right: right.slice(0, out * rank) };
    return evaluate({ outputs: { y } }, cut).y?.data;
  };

  it.each([
    ["rank 1", of(1, "both", true), expected((o, i) => 1 + at(right, o) * at(left, i))],
    [
      "rank 3: the sum of three of rank 1",
      of(3, "both", true),
      expected((o, i) =>
        [0, 1, 2].reduce((total, k) => total + at(right, o * 3 + k) * at(left, k * into + i), 1),
      ),
    ],
    ["without residual", of(1, "both", false), expected((o, i) => at(right, o) * at(left, i))],
    [
      "rank 3 without residual",
      of(3, "both", false),
      expected((o, i) =>
        [0, 1, 2].reduce((total, k) => total + at(right, o * 3 + k) * at(left, k * into + i), 0),
      ),
    ],
    ["left alone", of(1, "left", true), expected((_, i) => 1 + at(left, i))],
    ["right alone", of(1, "right", true), expected((o) => 1 + at(right, o))],
    ["left alone without residual", of(1, "left", false), expected((_, i) => at(left, i))],
    ["right alone without residual", of(1, "right", false), expected((o) => at(right, o))],
    ["neither side", of(1, "none", true), expected(() => 1)],
  ])("%s", (_name, got, plain) => {
    expect(got).toBeCloseToTensor(plain, { relative: 1e-14 });
  });
});

describe("sites", () => {
  it("adapts those that are chosen and no other weight", () => {
    const adaptation = rlrr({ sites: ["v", "norm"] });
    const names = adaptation.trainables(backboneOf(tiny)).map(({ name }) => name);
    expect([...new Set(names.map((name) => name.split(".").at(-2)))]).toEqual([
      "norm1",
      "v",
      "norm2",
      "norm",
    ]);

    const { affine, parameter } = adaptedTensors({
      frozen: (name) => input(name, modelShapes(tiny).get(name) ?? []),
      trained: (name) =>
        input(name, name.endsWith("left") ? [1, 16] : name.endsWith("right") ? [16, 1] : [16]),
      adaptation,
    });
    const sites = new Map(backboneOf(tiny).sites.map((site) => [site.name, site]));
    const asked = (name: string) => {
      const [, at = "", leaf] = /^(.*)\.(weight|bias)$/.exec(name) ?? [];
      const site = sites.get(at);
      const made = site && site.kind !== "branch" ? affine(site)[leaf as "weight"] : parameter(name);
      return made.kind === "input" ? "frozen" : "adapted";
    };
    expect(["cls", "position", "patch.weight", "blocks.0.q.weight", "blocks.0.fc1.bias"].map(asked)).toEqual(
      Array(5).fill("frozen"),
    );
    expect(["blocks.1.v.bias", "blocks.0.norm2.weight", "norm.bias"].map(asked)).toEqual(
      Array(3).fill("adapted"),
    );
  });
});
