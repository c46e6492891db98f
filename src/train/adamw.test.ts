import { describe, expect, it } from "vitest";
import { adamwStep, clipFactor, type Moments } from "./adamw.ts";

const trainable = (name: string, decay: boolean) => ({
  name,
  decay,
  shape: [2],
  start: () => new Float32Array(2),
});
const fresh = (...numbers: number[]): Moments => ({
  parameter: Float32Array.from(numbers),
  first: new Float32Array(numbers.length),
  second: new Float32Array(numbers.length),
});

describe("adamwStep", () => {
  it("moves by the learning rate at the first step, whatever the gradient's size", () => {
    // m / (1 - β₁) = g and √v / √(1 - β₂) = |g|, so the step is lr · sign(g)
    const state = new Map([["a", fresh(1, 1, 1)]]);
    adamwStep([trainable("a", false)], state, () => Float32Array.of(1e-3, -5, 0), {
      learningRate: 0.25,
      weightDecay: 0,
      step: 1,
    });
    expect(state.get("a")?.parameter).toBeCloseToTensor([0.75, 1.25, 1], { relative: 1e-5 });
    expect(state.get("a")?.first).toBeCloseToTensor([1e-4, -0.5, 0]);
    expect(state.get("a")?.second).toBeCloseToTensor([1e-9, 0.025, 0]);
  });

  it("remembers: a second step by hand", () => {
    const state = new Map([["a", fresh(0)]]);
    const step = (gradient: number, step: number) =>
      adamwStep([trainable("a", false)], state, () => Float32Array.of(gradient), {
        learningRate: 0.1,
        weightDecay: 0,
        step,
      });
    step(1, 1);
    step(-1, 2);
    // m = 0.9 · 0.1 - 0.1 = -0.01, m̂ = -0.01 / 0.19; v = 0.999 · 0.001 + 0.001, v̂ = v / (1 - 0.998001) = 1
    expect(state.get("a")?.parameter).toBeCloseToTensor([-0.1 + (0.1 * 0.01) / 0.19], { relative: 1e-5 });
  });

  it("decays the group that decays, by the learning rate, apart from the gradient", () => {
    const state = new Map([
      ["weight", fresh(2, -2)],
      ["bias", fresh(2, -2)],
    ]);
    adamwStep([trainable("weight", true), trainable("bias", false)], state, () => new Float32Array(2), {
      learningRate: 0.1,
      weightDecay: 0.5,
      step: 1,
    });
    // 2 · (1 - 0.1 · 0.5)
    expect(state.get("weight")?.parameter).toBeCloseToTensor([1.9, -1.9]);
    expect(state.get("bias")?.parameter).toEqual(Float32Array.of(2, -2));
  });

  it("needs a state for everything that trains", () => {
    expect(() =>
      adamwStep([trainable("a", true)], new Map(), () => new Float32Array(), {
        learningRate: 1,
        weightDecay: 0,
        step: 1,
      }),
    ).toThrow('internal: no optimizer state for "a".');
  });
});

describe("clipFactor", () => {
  const gradients = [Float32Array.of(3, 0), Float32Array.of(0, 4)]; // norm 5

  it("is 1 below the limit, at it, and without one", () => {
    expect(clipFactor(gradients, 0)).toEqual({ norm: 5, factor: 1 });
    expect(clipFactor(gradients, 6)).toEqual({ norm: 5, factor: 1 });
    expect(clipFactor(gradients, 5)).toEqual({ norm: 5, factor: 1 });
  });

  it("brings the norm of all gradients together down to the limit", () => {
    expect(clipFactor(gradients, 1).factor).toBeCloseTo(0.2, 6);
  });

  it("does not overflow, and tells of what is not a number", () => {
    expect(clipFactor([Float32Array.of(3e38, 3e38)], 0).norm / (3e38 * Math.SQRT2)).toBeCloseTo(1, 6);
    expect(clipFactor([Float32Array.of(1, Number.NaN)], 1).norm).toBeNaN();
    expect(clipFactor([Float32Array.of(Number.POSITIVE_INFINITY)], 1).norm).toBe(Number.POSITIVE_INFINITY);
  });
});
