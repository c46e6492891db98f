import { describe, expect, it } from "vitest";
import { randomNumbers } from "../../test/random-numbers.ts";
import { dataOf } from "../../test/tiny-methods.ts";
import { input } from "../graph/value.ts";
import type { LinearSite } from "../model/backbone.ts";
import { randomStream } from "../random.ts";
import { lowRankMatrix, lowRankTrainables } from "./low-rank.ts";

const site: LinearSite = { kind: "linear", name: "x", role: "q", block: 0, in: 9, out: 2 };

describe("a matrix of low rank", () => {
  it.each([
    [2, 1],
    [3, 1.5],
  ])("is alpha/r · B·A: alpha %d of rank 2", (alpha, factor) => {
    const shapes: Readonly<Record<string, readonly number[]>> = { "x.lora_a": [2, 9], "x.lora_b": [2, 2] };
    const trained = (name: string) => input(name, shapes[name] as number[]);
    const [a, b] = [randomNumbers(18, { seed: 1 }), randomNumbers(4, { seed: 2 })];
    const y = lowRankMatrix(site, { rank: 2, alpha, trained });
    const expected = Array.from({ length: 18 }, (_, at) => {
      const [row, column] = [Math.floor(at / 9), at % 9];
      const [first, second] = [b[row * 2] as number, b[row * 2 + 1] as number];
      return factor * (first * (a[column] as number) + second * (a[9 + column] as number));
    });
    const feeds = { "x.lora_a": Float64Array.from(a), "x.lora_b": Float64Array.from(b) };
    expect(dataOf({ y }, feeds).y).toBeCloseToTensor(expected, { relative: 1e-14 });
  });

  it("starts with A within ±1/√in and B at zero", () => {
    const [a, b] = lowRankTrainables(site, 200).map(({ start }) => {
      if (start === "frozen") throw new Error("not random");
      return start(randomStream(1, "x"));
    });
    expect(a).toHaveLength(1800);
    const most = Math.max(...(a ?? []).map(Math.abs));
    expect(most).toBeLessThanOrEqual(1 / 3);
    expect(most).toBeGreaterThan(0.33);
    expect(b).toEqual(new Float32Array(400));
  });
});
