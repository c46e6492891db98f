import { describe, expect, it } from "vitest";
import { examplesInMemory } from "./examples.ts";
import { foldsOf, someExamples } from "./folds.ts";

describe("foldsOf", () => {
  const labels = [...Array(10).fill(0), ...Array(7).fill(1), ...Array(3).fill(2)] as number[];

  it("spreads each class and the whole evenly", () => {
    const foldOf = foldsOf(labels, { folds: 4, seed: 1 });
    const sizes = (keep: (index: number) => boolean) =>
      [0, 1, 2, 3].map((fold) => foldOf.filter((at, index) => at === fold && keep(index)).length);
    expect(sizes(() => true)).toEqual([5, 5, 5, 5]);
    for (const label of [0, 1, 2]) {
      const counts = sizes((index) => labels[index] === label);
      expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1);
    }
  });

  it("depends on the seed alone", () => {
    expect(foldsOf(labels, { folds: 4, seed: 1 })).toEqual(foldsOf(labels, { folds: 4, seed: 1 }));
    expect(foldsOf(labels, { folds: 4, seed: 1 })).not.toEqual(foldsOf(labels, { folds: 4, seed: 2 }));
  });

  it("keeps groups in one fold, across classes too", () => {
    const groups = labels.map((_, index) => ([0, 1, 12, 18].includes(index) ? 7 : undefined));
    const foldOf = foldsOf(labels, { folds: 4, seed: 3, groups });
    expect(new Set([0, 1, 12, 18].map((index) => foldOf[index])).size).toBe(1);
    expect(new Set(foldOf)).toEqual(new Set([0, 1, 2, 3]));
  });
});

describe("someExamples", () => {
  it("gives those examples, in any order asked for", async () => {
    const all = examplesInMemory(Float32Array.of(0, 1, 2, 3, 4), [0, 1, 0, 1, 0]);
    const some = someExamples({ ...all, plain: all }, [4, 1, 3]);
    expect(some.labels).toEqual([0, 1, 1]);
    expect(some.plain?.labels).toEqual([0, 1, 1]);
    const rows: number[] = [];
    for await (const { numbers, count } of some.batches({ order: [2, 0], epoch: 0, batchSize: 2 }))
      rows.push(...numbers.subarray(0, count));
    expect(rows).toEqual([3, 4]);
  });
});
