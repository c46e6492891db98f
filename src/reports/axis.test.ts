import { describe, expect, it } from "vitest";
import { linearAxis, logAxis, roundTicks } from "./axis.ts";

describe("roundTicks", () => {
  it.each([
    [0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]],
    [0, 0.3, [0, 0.1, 0.2, 0.3]],
    [0, 97, [0, 20, 40, 60, 80, 100]],
    [1, 40, [0, 10, 20, 30, 40]],
    [-0.5, 2, [-0.5, 0, 0.5, 1, 1.5, 2]],
    [0, 0.005, [0, 0.001, 0.002, 0.003, 0.004, 0.005]],
    [3, 3, [3, 4]],
    [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, [0, 1]],
  ])("covers %d to %d", (low, high, ticks) => {
    expect(roundTicks(low, high)).toEqual(ticks);
  });
});

describe("linearAxis", () => {
  it.each([
    [{ low: 0, high: 0.02 }, ["0", "0.005", "0.01", "0.015", "0.02"]],
    [{ low: 0, high: 5e-4 }, ["0", "10⁻⁴", "2·10⁻⁴", "3·10⁻⁴", "4·10⁻⁴", "5·10⁻⁴"]],
    [{ low: 0, high: 3, whole: true }, ["0", "1", "2", "3"]],
    [{ low: 0.25, high: 2, whole: true }, ["1", "2"]],
    [{ low: 0, high: 4e6 }, ["0", "10⁶", "2·10⁶", "3·10⁶", "4·10⁶"]],
  ])("writes all ticks of %j in one notation", (options, labels) => {
    const { ticks, format } = linearAxis(options);
    expect(ticks.map(format)).toEqual(labels);
  });

  it("places values from its first to its last tick", () => {
    const { place } = linearAxis({ low: 0, high: 97 });
    expect([0, 50, 100, 400].map(place)).toEqual([0, 0.5, 1, 1]);
    expect(linearAxis({ low: 3, high: 3, whole: true }).place(3)).toBe(0.5);
  });
});

describe("logAxis", () => {
  it.each([
    [0.01, 3, ["0.01", "0.1", "1", "10"]],
    [0.2, 8, ["0.1", "0.2", "0.5", "1", "2", "5", "10"]],
    [1e-8, 1e-3, ["10⁻⁸", "10⁻⁷", "10⁻⁶", "10⁻⁵", "10⁻⁴", "10⁻³"]],
    [1, 1, ["1", "2", "5", "10"]],
    [1e-12, 1, ["10⁻¹²", "10⁻¹⁰", "10⁻⁸", "10⁻⁶", "10⁻⁴", "10⁻²", "10⁰"]],
  ])("covers %d to %d", (low, high, labels) => {
    const { ticks, format } = logAxis({ low, high });
    expect(ticks.map(format)).toEqual(labels);
  });

  it("places a power of ten as far from the next as any other, and what is no positive number at the bottom", () => {
    const { place } = logAxis({ low: 0.01, high: 1 });
    expect([0.01, 0.1, 1, 0, 1e-9].map(place)).toEqual([0, 0.5, 1, 0, 0]);
  });
});
