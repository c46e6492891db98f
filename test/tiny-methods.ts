/** Methods on the tiny Vision Transformer: what they start from, what they give, and whether their gradients are right. */

import { expect } from "vitest";
import { evaluate } from "../src/engine/reference.ts";
import { sizeOf } from "../src/formats/tensor.ts";
import { grad } from "../src/graph/grad.ts";
import { rewrite } from "../src/graph/rewrite.ts";
import { type InputValue, inOrder, input, type Value } from "../src/graph/value.ts";
import type { Adaptation } from "../src/methods/method.ts";
import { chooseMethod } from "../src/methods/methods.ts";
import { backboneOf } from "../src/model/architectures.ts";
import type { VitConfig } from "../src/model/vit.ts";
import { randomStream } from "../src/random.ts";
import { randomNumbers } from "./random-numbers.ts";
import { adaptedGraph, crossEntropy, randomWeights, tiny } from "./tiny-vit.ts";

export type Feeds = Readonly<Record<string, Float64Array>>;

export const adaptationOf = (name: string, options: Readonly<Record<string, unknown>> = {}): Adaptation =>
  chooseMethod({ name, options }, "test").adaptation;

const sizes = { imageSize: [224, 224], layerNormEps: 1e-6, classes: 0 } as const;
export const vitB16: VitConfig = {
  ...sizes,
  patchSize: 16,
  width: 768,
  depth: 12,
  heads: 12,
  mlpWidth: 3072,
};

/** How many parameters a method trains, without a head. */
export const countOf = (adaptation: Adaptation, config: VitConfig): number =>
  adaptation.trainables(backboneOf(config)).reduce((total, { shape }) => total + sizeOf(shape), 0);

/** `blocks.0.q.left 1,16 decayed`: each trainable of a tiny model with one block. */
export const rowsOf = (adaptation: Adaptation): string[] =>
  adaptation
    .trainables(backboneOf({ ...tiny, depth: 1 }))
    .map(({ name, shape, decay }) => `${name} ${shape}${decay ? " decayed" : ""}`);

const weights = [...randomWeights(tiny)].map(([name, { data }]) => [name, data] as const);

/** Two images and the weights of the tiny model. */
export const frozenFeeds: Feeds = {
  images: Float64Array.from(randomNumbers(2 * 3 * 64, { seed: 99 })),
  ...Object.fromEntries(weights),
};

/** What a method starts from, by the name of the input; moved by up to `by` to stand anywhere else. */
export function startFeeds(adaptation: Adaptation, { by = 0 } = {}): Feeds {
  const entries = adaptation.trainables(backboneOf(tiny)).map(({ name, shape, start, from }, index) => {
    const moves = randomNumbers(sizeOf(shape), { seed: 500 + index, low: -by, high: by });
    const weight = Float32Array.from(frozenFeeds[from?.name ?? name] ?? []);
    const first =
      start === "frozen" ? (from?.make(weight) ?? weight) : start(randomStream(42, "start", name));
    if (first.length !== moves.length) throw new Error(`${name} starts from ${first.length} values`);
    const data = Float64Array.from(first, (value, at) => value + (moves[at] as number));
    return [start === "frozen" ? `trained.${name}` : name, data] as const;
  });
  return Object.fromEntries(entries);
}

/** Logits of the two images, of the frozen model without an adaptation. */
export function logitsOf(feeds: Feeds, adaptation?: Adaptation): Float64Array {
  const { logits } = adaptedGraph({ config: tiny, batch: 2, ...(adaptation && { adaptation }) });
  return dataOf({ logits }, feeds).logits as Float64Array;
}

/** The gradient of the loss for every trainable, by name. */
export function gradientsOf(feeds: Feeds, adaptation: Adaptation): Feeds {
  const { logits, trained } = adaptedGraph({ config: tiny, batch: 2, adaptation });
  const gradients = grad(crossEntropy(logits, [2, 0]), [...trained.values()]);
  return dataOf(
    Object.fromEntries([...trained.keys()].map((name, at) => [name, gradients[at] as Value])),
    feeds,
  );
}

/** Values in float64, by name. */
export const dataOf = (
  outputs: Readonly<Record<string, Value>>,
  feeds: Feeds,
): Record<string, Float64Array> =>
  Object.fromEntries(Object.entries(evaluate({ outputs }, feeds)).map(([name, { data }]) => [name, data]));

export interface Differentiated {
  readonly loss: Value;
  /** Gradients by the input that they belong to. */
  readonly gradients: ReadonlyMap<InputValue, Value>;
  readonly feeds: Feeds;
}

/**
 * Compares each gradient, along a random direction that no entry of it can hide from, with a central difference. With `held`
 * that is a difference of the loss in which what stops gradients keeps the value that it has at `feeds`.
 */
export function expectTrueGradients(
  { loss, gradients, feeds }: Differentiated,
  { held = false }: { readonly held?: boolean } = {},
): void {
  const step = 1e-5;
  const varied = held ? holdStopped(loss, feeds) : { loss, kept: {} };
  const lossAt = (feeds: Feeds) =>
    (dataOf({ loss: varied.loss }, { ...feeds, ...varied.kept }).loss as Float64Array)[0] as number;
  const named = Object.fromEntries([...gradients].map(([{ name }, value]) => [name, value]));
  const found = dataOf(named, feeds);
  for (const [index, { name }] of [...gradients.keys()].entries()) {
    const [at, gradient] = [feeds[name], found[name]];
    if (!at || !gradient) throw new Error(`nothing is fed as ${name}`);
    const direction = randomNumbers(at.length, { seed: 900 + index });
    const moved = (by: number) => at.map((value, i) => value + by * (direction[i] as number));
    const [after, before] = [step, -step].map((by) => lossAt({ ...feeds, [name]: moved(by) })) as [
      number,
      number,
    ];
    const slope = gradient.reduce((total, value, i) => total + value * (direction[i] as number), 0);
    // Constants of the graph, as 2/√π, are float32.
    expect(Math.abs((after - before) / (2 * step) - slope), name).toBeLessThan(1e-6 * Math.abs(slope) + 2e-9);
  }
}

/** The largest of them, whatever its sign. */
export const largest = (numbers: ArrayLike<number> = []): number =>
  Array.from(numbers).reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** The loss with a new input for each value that stops gradients, and what that input is fed: the value at `feeds`. */
function holdStopped(loss: Value, feeds: Feeds): { readonly loss: Value; readonly kept: Feeds } {
  const stopped = inOrder([loss]).filter((value) => value.kind === "op" && value.op === "stopGradient");
  const nameOf = (value: Value) => `held.${stopped.indexOf(value)}`;
  const kept = dataOf(Object.fromEntries(stopped.map((value) => [nameOf(value), value])), feeds);
  const { outputs } = rewrite({ outputs: { loss } }, (value) =>
    stopped.includes(value) ? input(nameOf(value), value.shape) : undefined,
  );
  return { loss: outputs.loss as Value, kept };
}
/** What a method starts its tensors of ViT-B/16 from whose name ends in `leaf`. */
export const startsOf = (adaptation: Adaptation, leaf: string): number[] =>
  adaptation
    .trainables(backboneOf(vitB16))
    .filter(({ name }) => name.endsWith(leaf))
    .flatMap(({ name, start }) => (start === "frozen" ? [] : [...start(randomStream(1, name))]));

/** Sees that numbers are of mean 0 and this std, and none beyond `bound`, though some are near it. */
export function expectSpread(
  numbers: readonly number[],
  { std, bound }: { std: number; bound: number },
): void {
  expect(numbers.length).toBeGreaterThan(50_000);
  const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  const variance = numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / numbers.length;
  expect(Math.abs(mean / std)).toBeLessThan(0.02);
  expect(Math.sqrt(variance) / std).toBeCloseTo(1, 1.7);
  expect(largest(numbers) / bound).toBeGreaterThan(0.99);
  expect(largest(numbers) / bound).toBeLessThanOrEqual(1 + 1e-6);
}

/** Of a normal distribution that is cut at two of its std, in units of that std. */
export const TRUNCATED_STD = 0.8796;

/** The start is within 0.01 of the pre-trained model's logits without being it, and everything that trains has a gradient. */
export function expectNearStart(adaptation: Adaptation): void {
  const feeds = { ...frozenFeeds, ...startFeeds(adaptation) };
  const frozen = logitsOf(frozenFeeds);
  const off = largest(logitsOf(feeds, adaptation).map((x, i) => x - (frozen[i] as number)));
  expect(off).toBeGreaterThan(1e-7);
  expect(off).toBeLessThan(1e-2);
  for (const [name, gradient] of Object.entries(gradientsOf(feeds, adaptation)))
    expect(largest(gradient), name).toBeGreaterThan(1e-9);
}

/** The start is the pre-trained model to the bit, and what `moving` names has a gradient. */
export function expectExactStart(adaptation: Adaptation, moving: RegExp): void {
  const feeds = { ...frozenFeeds, ...startFeeds(adaptation) };
  expect(logitsOf(feeds, adaptation)).toEqual(logitsOf(frozenFeeds));
  const moved = Object.entries(gradientsOf(feeds, adaptation)).filter(([name]) => moving.test(name));
  expect(moved.length).toBeGreaterThan(0);
  for (const [name, gradient] of moved) expect(largest(gradient), name).toBeGreaterThan(1e-7);
}
