import { describe, expect, it } from "vitest";
import { batchRanges } from "./batch-ranges.ts";

describe("batchRanges", () => {
  it.each([
    [5, { batchSize: 2 }, "0-2 2-4 4-5"],
    [4, { batchSize: 2, groupSize: 4 }, "0-2 2-4"],
    // two groups of 5 in batches of 3, and a short third group
    [11, { batchSize: 3, groupSize: 5 }, "0-3 3-5 5-8 8-10 10-11"],
    [3, { batchSize: 8, groupSize: 8 }, "0-3"],
    [0, { batchSize: 8 }, ""],
  ])("cuts %d examples with %o", (length, options, expected) => {
    const shown = batchRanges(length, options).map(([from, to]) => `${from}-${to}`);
    expect(shown.join(" ")).toBe(expected);
  });
});
