import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compileKernel } from "../../scripts/compile-kernel.ts";
import { randomNumbers } from "../../test/random-numbers.ts";
import { openGram } from "../engine/gram.ts";
import { EngineError } from "../errors.ts";
import { singularValuesByBidiagonal } from "./bidiagonal.ts";
import { type Features, linearCka } from "./cka.ts";
import { compareWeights, type Decompose, effectiveRank } from "./compare-weights.ts";
import { gram } from "./gram.ts";
import { kernelBytes } from "./kernel-bytes.ts";
import { type Matrix, toWide } from "./matrix.ts";
import { principalAngles, type Turn } from "./principal-angles.ts";
import { SpectraPool } from "./spectra-pool.ts";
import { decompose } from "./svd.ts";

interface Stored {
  readonly shape: readonly [number, number];
  readonly data: readonly number[];
}
interface StoredChange {
  readonly before: Stored;
  readonly after: Stored;
  readonly top: number;
  readonly change: number;
  readonly effectiveRank: number;
  readonly spectrumMoved: number;
  readonly left: Turn;
  readonly right: Turn;
}
interface Golden {
  readonly matrices: Readonly<
    Record<string, { readonly matrix: Stored; readonly values: readonly number[] }>
  >;
  readonly weights: Readonly<Record<string, StoredChange>>;
  readonly cka: Readonly<Record<string, { readonly a: Stored; readonly b: Stored; readonly cka: number }>>;
}
const golden: Golden = JSON.parse(
  readFileSync(new URL("../../test/golden/spectra.json", import.meta.url), "utf8"),
);
const matrixOf = ({ shape: [rows, columns], data }: Stored): Matrix => ({ rows, columns, data });
const featuresOf = ({ shape: [images, width], data }: Stored): Features => ({ images, width, data });

/** Each value within 1e-4 of itself, or within the rounding of the largest. */
function expectValues(given: ArrayLike<number>, expected: readonly number[]) {
  expect(given.length).toBe(expected.length);
  const rounding = 1e-14 * (expected[0] ?? 0);
  for (const [at, value] of expected.entries())
    expect(Math.abs((given[at] as number) - value)).toBeLessThanOrEqual(1e-4 * value + rounding);
}

const here: Decompose = async (matrix, options) => decompose(matrix, options);
const gramHere = async (matrix: Matrix) => gram(toWide(matrix)) as Float64Array<ArrayBuffer>;
const pairOf = ({ before, after, top }: StoredChange) => ({
  before: matrixOf(before),
  afters: [Float32Array.from(after.data)],
  top,
});

/** A matrix with these singular values: a diagonal one, reflected from both sides. */
function matrixWith(
  values: readonly number[],
  { rows, columns }: { readonly rows: number; readonly columns: number },
): Matrix {
  const [u, v] = [rows, columns].map((size, seed) => {
    const x = randomNumbers(size, { seed, low: -1, high: 1 });
    const square = x.reduce((sum, one) => sum + one * one, 0);
    return (i: number, j: number) => (i === j ? 1 : 0) - (2 * (x[i] as number) * (x[j] as number)) / square;
  });
  const data = Float64Array.from({ length: rows * columns }, (_, at) => {
    const [i, j] = [Math.floor(at / columns), at % columns];
    return values.reduce((sum, value, k) => sum + value * (u?.(i, k) ?? 0) * (v?.(k, j) ?? 0), 0);
  });
  return { rows, columns, data };
}

describe("decompose", () => {
  it.each(Object.entries(golden.matrices))("has LAPACK's values: %s", (name, { matrix, values }) => {
    const { values: given } = decompose(matrixOf(matrix));
    // Where a value is 0 to rounding, both are.
    expectValues(
      given,
      name === "rank 3" ? values.map((value) => (value < 1e-12 ? (given.at(-1) as number) : value)) : values,
    );
    if (name === "rank 3") expect(given[3]).toBeLessThan(1e-6 * (given[0] as number));
    expectValues(singularValuesByBidiagonal(toWide(matrixOf(matrix))).subarray(0, 3), values.slice(0, 3));
  });

  it.each<[name: string, small: number, shape: [rows: number, columns: number]]>([
    ["a few small values", 4, [48, 60]],
    ["a few small values of a tall matrix", 4, [60, 48]],
    ["values smaller than the span of their vectors tells", 6, [48, 60]],
    ["many small values", 9, [48, 60]],
  ])("has each value within 1e-6 of itself where the largest is far from it: %s", (_, small, shape) => {
    const sizes = Array.from({ length: 48 }, (_, at) =>
      at < 48 - small ? 10 ** (-at / 16) : 10 ** (-5 - (at - 48 + small) / 1.5),
    );
    const [rows, columns] = shape;
    const matrix = matrixWith(sizes, { rows, columns });
    const worst = ({ values }: { readonly values: Float64Array }) =>
      Math.max(...sizes.map((size, at) => Math.abs((values[at] as number) / size - 1)));
    expect(worst(decompose(matrix))).toBeLessThan(1e-6);
    // Else there would be nothing to restore.
    expect(worst(decompose(matrix, { small: false }))).toBeGreaterThan(1e-4);
  });

  it("keeps its values in descending order where many lie where the squares end", () => {
    for (let turn = 0; turn < 20; turn++) {
      const sizes = Array.from({ length: 64 }, (_, at) =>
        at < 56 ? 10 ** (-at / 20) : (1 + (turn + 1) * 1e-9 * (at - 60)) / 3e4,
      );
      const { values } = decompose(matrixWith(sizes, { rows: 64, columns: 64 }));
      expect([...values]).toEqual([...values].sort((a, b) => b - a));
    }
  });

  it.each<[name: string, size: number, at: (i: number, j: number) => number]>([
    ["a diagonal with a 0", 16, (i, j) => (i === j ? 15 - i : 0)],
    ["ones but one", 16, (i, j) => (i === j && i < 15 ? 1 : 0)],
    ["a row of 0 among others", 16, (i, j) => (i === (j + 5) % 16 && i !== 3 ? 2 : 0)],
  ])("has the values of a matrix that is no random one: %s", (_, size, at) => {
    const data = Float64Array.from({ length: size * size }, (_, k) => at(Math.floor(k / size), k % size));
    // Each row and column has one number at most: their sizes are the values.
    const expected = Array.from(data, Math.abs)
      .sort((a, b) => b - a)
      .slice(0, size);
    const { values } = decompose({ rows: size, columns: size, data });
    for (const [index, value] of expected.entries()) expect(values[index]).toBeCloseTo(value, 12);
  });

  it("takes the product of a weight from ONNX Runtime", async () => {
    await using engine = await openGram();
    for (const [rows, columns] of [
      [17, 33],
      [33, 17],
    ] as const) {
      const data = randomNumbers(rows * columns, { seed: 7, low: -1, high: 1 });
      const matrix = { rows, columns, data };
      const { values } = decompose(matrix, { gram: await engine.gram(matrix) });
      for (const [at, value] of decompose(matrix).values.entries()) expect(values[at]).toBeCloseTo(value, 12);
    }
  });

  it.each([
    [40, 23],
    [23, 40],
    [32, 32],
    [7, 1],
  ])("has vectors that the matrix maps onto each other: %i x %i", (rows, columns) => {
    const data = randomNumbers(rows * columns, { seed: 5, low: -1, high: 1 });
    const { values, rowVectors, columnVectors } = decompose({ rows, columns, data }, { vectors: 6 });
    expect(rowVectors.length).toBe(Math.min(6, rows, columns));
    for (const [at, row] of rowVectors.entries())
      for (let i = 0; i < rows; i++) {
        const mapped = row.reduce((sum, x, j) => sum + x * (data[i * columns + j] as number), 0);
        expect(mapped).toBeCloseTo((values[at] as number) * (columnVectors[at]?.[i] as number), 10);
      }
    expect(principalAngles(rowVectors, rowVectors)?.largest).toBeLessThan(1e-5);
  });

  it("gives no vectors to values of 0", () => {
    const { matrix } = golden.matrices["rank 3"] as { matrix: Stored };
    expect(decompose(matrixOf(matrix), { vectors: 8 }).rowVectors).toHaveLength(3);
    expect(decompose({ rows: 2, columns: 3, data: new Float32Array(6) }, { vectors: 2 }).rowVectors).toEqual(
      [],
    );
  });
});

describe("compareWeights", () => {
  it.each(Object.entries(golden.weights))("agrees with LAPACK: %s", async (_, stored) => {
    const [given] = (await compareWeights(pairOf(stored), here)).changes;
    const close = (one: number | undefined, other: number) =>
      expect(Math.abs((one ?? Number.NaN) - other)).toBeLessThan(1e-6 * Math.max(1, other));
    close(given?.change, stored.change);
    close(given?.effectiveRank, stored.effectiveRank);
    close(given?.spectrumMoved, stored.spectrumMoved);
    for (const side of ["left", "right"] as const)
      for (const key of ["mean", "largest", "overlap"] as const)
        close(given?.[side]?.[key], stored[side][key]);
  });

  it("counts an effective rank of 1 for one direction, and of all for equal ones", () => {
    expect(effectiveRank([2, 0, 0])).toBe(1);
    expect(effectiveRank([2, 2, 2])).toBeCloseTo(3, 12);
    expect(effectiveRank([2, 1e-9], { floor: 1e-8 })).toBe(1);
    expect(effectiveRank([0, 0])).toBe(0);
  });
});

describe("linearCka", () => {
  it.each(Object.entries(golden.cka))("agrees with numpy: %s", (_, { a, b, cka }) => {
    expect(linearCka(featuresOf(a), featuresOf(b))).toBeCloseTo(cka, 10);
  });

  it("knows neither scale nor a common mean", () => {
    const { a, b, cka } = golden.cka.related as { a: Stored; b: Stored; cka: number };
    const moved = { ...featuresOf(b), data: b.data.map((x) => 3 * x + 10) };
    expect(linearCka(featuresOf(a), moved)).toBeCloseTo(cka, 8);
  });
});

describe("the kernel", () => {
  it("is what its source compiles to", async () => {
    // Else: npx tsx scripts/compile-kernel.ts
    expect(kernelBytes).toBe(await compileKernel());
  });
});

describe("SpectraPool", () => {
  it("answers more questions than it has threads, as this thread would", async () => {
    const pool = new SpectraPool(2, gramHere);
    try {
      const matrices = Object.values(golden.weights).flatMap(({ before, after }) =>
        [before, after].map(matrixOf),
      );
      const options = { vectors: 3 };
      const answers = await Promise.all(matrices.map((matrix) => pool.decompose(matrix, options)));
      expect(answers).toEqual(matrices.map((matrix) => decompose(matrix, options)));
    } finally {
      await pool.close();
    }
  });

  it("starts nothing once it is closed, whatever waits", async () => {
    let give = (_: Float64Array<ArrayBuffer>) => {};
    const asked = new Promise<Float64Array<ArrayBuffer>>((resolve) => {
      give = resolve;
    });
    const pool = new SpectraPool(1, () => asked);
    const matrix = { rows: 1, columns: 1, data: [1] };
    const settled = Promise.allSettled([1, 2, 3].map(() => pool.decompose(matrix, {})));
    await pool.close();
    give(Float64Array.of(1));
    const reason = new EngineError("The threads that compute singular values are closed.");
    expect(await settled).toEqual([1, 2, 3].map(() => ({ status: "rejected", reason })));
  });

  it("says what is wrong with a weight that has no singular values", async () => {
    const pool = new SpectraPool(1, gramHere);
    const matrix = { rows: 2, columns: 2, data: [Number.NaN, 1, 1, 1] };
    try {
      await expect(pool.decompose(matrix, { vectors: 1 })).rejects.toThrow(
        "The thread that computes singular values failed: The eigenvalues of a weight did not converge; it holds no ordinary numbers.",
      );
    } finally {
      await pool.close();
    }
  });
});
