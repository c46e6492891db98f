import { describe, expect, it } from "vitest";
import { moveAverage, noteAverage } from "./average.ts";
import { keptParameter, noteStart, putStart } from "./blend.ts";

const state = () =>
  new Map([
    ["w", { parameter: Float32Array.of(1, 2), first: new Float32Array(2), second: new Float32Array(2) }],
  ]);
const one = <T>(of: ReadonlyMap<string, T>): T => {
  const found = of.get("w");
  if (!found) throw new Error("no w");
  return found;
};

describe("an average", () => {
  it("begins at the parameter and keeps a share of itself at every step", () => {
    const averaged = noteAverage(state(), 0.75);
    one(averaged).parameter.set([5, -2]);
    moveAverage(averaged, 0.75);
    expect(one(averaged).average).toEqual(Float32Array.of(2, 1)); // 0.75 · 1 + 0.25 · 5, …
    moveAverage(averaged, 0.75);
    expect(one(averaged).average).toEqual(Float32Array.of(2.75, 0.25));
    expect(keptParameter(one(averaged), 1)).toEqual(Float32Array.of(2.75, 0.25));
    expect(one(averaged).parameter).toEqual(Float32Array.of(5, -2));
  });

  it("is what a blend lies on the way to", () => {
    const averaged = noteAverage(noteStart(state(), 0.5), 0.75);
    one(averaged).parameter.set([5, -2]);
    moveAverage(averaged, 0.75);
    expect(keptParameter(one(averaged), 0.5)).toEqual(Float32Array.of(1.5, 1.5));
  });

  it("begins at a probe's head where there is one", () => {
    const averaged = noteAverage(state(), 0.75);
    putStart(averaged, new Map([["w", { data: Float32Array.of(8, 9) }]]));
    expect(one(averaged).average).toEqual(Float32Array.of(8, 9));
  });

  it("of 0 is none", () => {
    const plain = state();
    expect(noteAverage(plain, 0)).toBe(plain);
    moveAverage(plain, 0);
  });
});
