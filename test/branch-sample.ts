/** What a method makes of a branch of the tiny model, on random numbers, and a narrow MLP by plain loops beside it. */

import { sizeOf } from "../src/formats/tensor.ts";
import { input } from "../src/graph/value.ts";
import type { Adaptation } from "../src/methods/method.ts";
import { backboneOf } from "../src/model/architectures.ts";
import { randomNumbers } from "./random-numbers.ts";
import { dataOf, type Feeds } from "./tiny-methods.ts";
import { tiny } from "./tiny-vit.ts";

/** Width of the tiny model, and how many tokens are sampled. */
export const [width, tokens] = [tiny.width, 5] as const;

export interface BranchSample {
  /** What the branch adds, [tokens, width]; nothing where the method leaves it alone. */
  readonly made: Float64Array | undefined;
  /** `x`, `y`, `normed` and every trainable. */
  readonly feeds: Feeds;
}

/** The branch of block 0 with this role, for one image whose patches are a grid of 2 by 2. */
export function branchSample(adaptation: Adaptation, role: string): BranchSample {
  const { sites } = backboneOf(tiny);
  const [site] = sites.flatMap((one) => (one.kind === "branch" && one.role === role ? [one] : []));
  if (!site) throw new Error(`no branch ${role}`);
  const shapes = new Map(adaptation.trainables(backboneOf(tiny)).map(({ name, shape }) => [name, shape]));
  const io = {
    x: input("x", [1, tokens, width]),
    normed: input("normed", [1, tokens, width]),
    y: input("y", [1, tokens, width]),
  };
  const changes = adaptation.layers?.((name) => input(name, shapes.get(name) ?? []));
  const made = changes?.branch?.(site)?.(io);
  const all = [...shapes, ...Object.entries(io).map(([name, { shape }]) => [name, shape] as const)];
  const feeds = Object.fromEntries(
    all.map(([name, shape], at) => [name, Float64Array.from(randomNumbers(sizeOf(shape), { seed: at + 1 }))]),
  );
  return { made: made && dataOf({ made }, feeds).made, feeds };
}

export interface NarrowMlp {
  /** [tokens, width]. */
  readonly x: ArrayLike<number>;
  /** The prefix of down.weight, down.bias, up.weight and up.bias. */
  readonly name: string;
  readonly between: (narrow: number) => number;
}

/** up(between(down(x))) of each token, [tokens, width], in plain loops. */
export function narrowMlp(feeds: Feeds, { x, name, between }: NarrowMlp): number[] {
  const at = (tensor: string, i: number) => (feeds[`${name}.${tensor}`] as Float64Array)[i] as number;
  const bottleneck = feeds[`${name}.down.bias`]?.length ?? 0;
  const made: number[] = [];
  for (let token = 0; token < x.length / width; token++) {
    const narrow: number[] = [];
    for (let k = 0; k < bottleneck; k++) {
      let sum = at("down.bias", k);
      for (let i = 0; i < width; i++)
        sum += at("down.weight", k * width + i) * (x[token * width + i] as number);
      narrow.push(between(sum));
    }
    for (let i = 0; i < width; i++) {
      let sum = at("up.bias", i);
      for (let k = 0; k < bottleneck; k++) sum += at("up.weight", i * bottleneck + k) * (narrow[k] as number);
      made.push(sum);
    }
  }
  return made;
}

/** x·Φ(x), with Φ by the power series of the error function. */
export function plainGelu(x: number): number {
  const u = x * Math.SQRT1_2;
  let [term, sum] = [u, u];
  for (let n = 1; n < 80; n++) {
    term *= -(u * u) / n;
    sum += term / (2 * n + 1);
  }
  return (x / 2) * (1 + (2 / Math.sqrt(Math.PI)) * sum);
}
