import { describe, expect, it } from "vitest";
import { minimise, type Objective } from "./lbfgs.ts";

/** Rosenbrock's valley: its minimum is 0 at (1, 1). */
const valley: Objective = async (at) => {
  const [x, y] = at as unknown as [number, number];
  return {
    value: (1 - x) ** 2 + 100 * (y - x * x) ** 2,
    gradient: Float64Array.of(-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)),
  };
};

describe("minimise", () => {
  it("follows a curved valley to its end", async () => {
    const found = await minimise(valley, Float64Array.of(-1.2, 1), { tolerance: 1e-8 });
    expect(found).toBeCloseToTensor([1, 1], { relative: 1e-6 });
  });

  it("solves a quadratic of many scales: x = b / a", async () => {
    const a = Float64Array.from({ length: 50 }, (_, i) => 10 ** (i / 25));
    const quadratic: Objective = async (at) => ({
      value: at.reduce((sum, x, i) => sum + ((a[i] as number) * x * x) / 2 - x, 0),
      gradient: at.map((x, i) => (a[i] as number) * x - 1),
    });
    const found = await minimise(quadratic, new Float64Array(50), { iterations: 200, tolerance: 1e-9 });
    expect(found).toBeCloseToTensor(
      [...a].map((one) => 1 / one),
      { relative: 1e-6 },
    );
  });

  it("never ends higher than it began, and stays where there is no slope", async () => {
    const start = Float64Array.of(1, 1);
    expect(await minimise(valley, start)).toEqual(start);
    const { value } = await valley(await minimise(valley, Float64Array.of(3, -7), { iterations: 1 }));
    expect(value).toBeLessThan((await valley(Float64Array.of(3, -7))).value);
  });
});
