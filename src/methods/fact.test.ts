import { describe, expect, it } from "vitest";
import { range, sumOf } from "../../test/loops.ts";
import { randomNumbers } from "../../test/random-numbers.ts";
import {
  adaptationOf,
  countOf,
  frozenFeeds,
  gradientsOf,
  largest,
  logitsOf,
  rowsOf,
  startFeeds,
  startsOf,
  vitB16,
} from "../../test/tiny-methods.ts";
import { tiny } from "../../test/tiny-vit.ts";
import { evaluate } from "../engine/reference.ts";
import { InputError } from "../errors.ts";
import { input } from "../graph/value.ts";
import { backboneOf } from "../model/architectures.ts";
import type { LinearSite } from "../model/backbone.ts";

const both = ["fact-tt", "fact-tk"] as const;

describe("what FacT trains", () => {
  it.each([
    // 2 · 768 · r, and in each of 12 blocks r² · (4 squares + 2 · 4)
    ["fact-tt", {}, 61_440],
    ["fact-tt", { rank: 8 }, 21_504],
    ["fact-tt", { rank: 4 }, 8_448], // the paper's tiny version, 8K
    // 2 · 768 · r + r³ + 144 r
    ["fact-tk", {}, 86_528],
    ["fact-tk", { rank: 16 }, 30_976],
  ])("%s %j of ViT-B/16", (name, options, count) => {
    expect(countOf(adaptationOf(name, options), vitB16)).toBe(count);
  });

  it("is the 0.069 million that the paper prints of FacT-TK, by its ranks on 19 tasks", () => {
    const count = (rank: number) => countOf(adaptationOf("fact-tk", { rank }), vitB16);
    expect(((13 * count(32) + 6 * count(16)) / 19 / 1e6).toFixed(3)).toBe("0.069");
  });

  it("names, shapes and decay: the MLP of the tiny model is two squares wide", () => {
    const bases = ["shared.u 3,16 decayed", "shared.v 16,3 decayed"];
    const rows = (part: string, shapes: readonly string[]) =>
      ["q", "k", "v", "o", "fc1", "fc2"].map((role, i) => `blocks.0.${role}.${part} ${shapes[i]} decayed`);
    expect(rowsOf(adaptationOf("fact-tt", { rank: 3 }))).toEqual([
      ...bases,
      ...rows("sigma", ["3,3", "3,3", "3,3", "3,3", "6,3", "3,6"]),
    ]);
    expect(rowsOf(adaptationOf("fact-tk", { rank: 3 }))).toEqual([
      ...[...bases, "shared.core 3,3,3 decayed"],
      ...rows("p", ["3,1", "3,1", "3,1", "3,1", "3,2", "3,2"]),
    ]);
  });

  it.each(both)("%s refuses a model whose MLP is not so many squares", (name) => {
    const odd = backboneOf({ ...tiny, mlpWidth: 40 });
    expect(() => adaptationOf(name).trainables(odd)).toThrow(
      new InputError(
        "FacT cuts each matrix into squares of the model's width, 16, but that of blocks.0.fc1 is 40 x 16. Choose another method for this model.",
      ),
    );
  });
});

describe("the start of FacT", () => {
  it.each(both)("is the pre-trained model exactly, and V moves first: %s", (name) => {
    const adaptation = adaptationOf(name, { rank: 3 });
    const feeds = { ...frozenFeeds, ...startFeeds(adaptation) };
    expect(logitsOf(feeds, adaptation)).toEqual(logitsOf(frozenFeeds));
    for (const [trainable, gradient] of Object.entries(gradientsOf(feeds, adaptation)))
      if (trainable === "shared.v") expect(largest(gradient)).toBeGreaterThan(1e-6);
      else if (!trainable.startsWith("head.")) expect(largest(gradient), trainable).toBe(0);
  });

  it.each([
    ["fact-tt", "shared.u", 1 / Math.sqrt(768)],
    ["fact-tt", "q.sigma", 1 / 4], // 16 inputs
    ["fact-tt", "fc1.sigma", 1 / 4],
    ["fact-tt", "fc2.sigma", 1 / 8], // four times as many
    ["fact-tk", "shared.u", 1 / Math.sqrt(768)],
    ["fact-tk", "shared.core", Math.sqrt(3) / 32],
    ["fact-tk", ".p", Math.sqrt(6 / (32 + 144))],
  ])("%s samples %s uniformly within ± %d", (name, ending, bound) => {
    const numbers = startsOf(adaptationOf(name), ending);
    expect(numbers.length).toBeGreaterThan(1000);
    expect(largest(numbers) / bound).toBeLessThanOrEqual(1 + 1e-7);
    expect(largest(numbers) / bound).toBeGreaterThan(0.99);
    const square = numbers.reduce((sum, x) => sum + x * x, 0) / numbers.length;
    expect(Math.sqrt(square) / bound).toBeCloseTo(3 ** -0.5, 1.5);
  });
});

describe("the weight of FacT", () => {
  const [rank, width, scale] = [3, 16, 0.5];
  const siteOf = (role: string): LinearSite => {
    const site = backboneOf(tiny).sites.find(({ name }) => name === `blocks.1.${role}`);
    if (site?.kind !== "linear") throw new Error("no such site");
    return site;
  };

  /** The increment of a site, and the numbers that went into it. */
  function adapt(name: string, site: LinearSite) {
    const adaptation = adaptationOf(name, { rank, scale });
    const rows = adaptation.trainables(backboneOf(tiny));
    const feeds = Object.fromEntries(
      rows.map(({ name, shape }, seed) => [
        name,
        randomNumbers(
          shape.reduce((a, b) => a * b, 1),
          { seed: seed + 1 },
        ),
      ]),
    );
    const frozen = { weight: input("w", [site.out, site.in]), bias: input("b", [site.out]) };
    const trained = (name: string) => input(name, rows.find((row) => row.name === name)?.shape ?? []);
    const made = adaptation.weight?.(site, frozen, trained);
    if (!made) throw new Error("nothing is adapted");
    expect(made.bias).toBe(frozen.bias);
    const w = randomNumbers(site.out * site.in, { seed: 99 });
    const { weight } = evaluate({ outputs: { weight: made.weight } }, { ...feeds, w });
    const added = range(w.length).map((i) => (weight?.data[i] as number) - (w[i] as number));
    return { added, at: (name: string, i: number) => feeds[name]?.[i] as number };
  }

  /** s · V·Σ·U of the square that holds row o and column i, Σ given by its square's place and two indices. */
  function expected(
    site: LinearSite,
    at: (name: string, i: number) => number,
    sigma: (square: { row: number; column: number }, a: number, b: number) => number,
  ): number[] {
    return range(site.out).flatMap((o) =>
      range(site.in).map((i) => {
        const square = { row: Math.floor(o / width), column: Math.floor(i / width) };
        return (
          scale *
          sumOf(rank, (a) =>
            sumOf(
              rank,
              (b) =>
                at("shared.v", (o % width) * rank + a) *
                sigma(square, a, b) *
                at("shared.u", b * width + (i % width)),
            ),
          )
        );
      }),
    );
  }

  it.each(["q", "o", "fc1", "fc2"])("adds s·V·Σ·U to each square of %s: TT", (role) => {
    const site = siteOf(role);
    const { added, at } = adapt("fact-tt", site);
    const columns = (site.in / width) * rank;
    const wanted = expected(site, at, ({ row, column }, a, b) =>
      at(`${site.name}.sigma`, (row * rank + a) * columns + column * rank + b),
    );
    expect(added).toBeCloseToTensor(wanted, { relative: 1e-12 });
  });

  it.each(["k", "v", "fc1", "fc2"])(
    "takes Σ from the core by the columns of P, dealt out as theirs: %s, TK",
    (role) => {
      const site = siteOf(role);
      const { added, at } = adapt("fact-tk", site);
      const squares = (site.in / width) * (site.out / width);
      // M[a, b, j] = Σ core[a, b, k]·P[k, j], then read as [r, squares·r], in the order in which it lies in memory
      const dealt = (a: number, flat: number) => {
        const [b, j] = [Math.floor(flat / squares), flat % squares];
        return sumOf(
          rank,
          (k) => at("shared.core", (a * rank + b) * rank + k) * at(`${site.name}.p`, k * squares + j),
        );
      };
      const wanted = expected(site, at, ({ row, column }, a, b) =>
        site.in > site.out ? dealt(a, column * rank + b) : dealt(b, row * rank + a),
      );
      expect(added).toBeCloseToTensor(wanted, { relative: 1e-12 });
    },
  );
});
