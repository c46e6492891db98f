import { describe, expect, it } from "vitest";
import { tiny } from "../../test/tiny-vit.ts";
import { backboneOf } from "../model/architectures.ts";
import { microBatchFor } from "./micro-batch.ts";

const vitB = backboneOf({
  ...tiny,
  ...{ imageSize: [224, 224], patchSize: 16, width: 768, depth: 12, heads: 12, mlpWidth: 3072 },
});
const plenty = 64 * 2 ** 30;

describe("activationBytes", () => {
  it("is some 190 MB for an image in ViT-B/16", () => {
    // 12 blocks · 4 bytes · 197 tokens · (10 · 768 + 3 · 3072 + 2 · 12 · 197)
    expect(vitB.activationBytes).toBe(12 * 4 * 197 * (7680 + 9216 + 4728));
  });
});

describe("microBatchFor", () => {
  it.each([
    [32, 8], // 10 images would be within 2,100 rows; 8 is the largest even share of 32
    [30, 10],
    [8, 8],
    [7, 7],
    [1, 1],
    [14, 7],
    [13, 7], // a prime has no even share but 1: two runs, and one row of zeros
    [22, 8], // even shares are 2 and 11: three runs of 8, and two rows of zeros
    [10, 10],
  ])("takes batches of %d in runs of %d where memory is no matter", (batchSize, micro) => {
    expect(microBatchFor(vitB, { batchSize: batchSize, memoryBytes: plenty })).toBe(micro);
  });

  it("takes a whole batch of small images", () => {
    expect(microBatchFor(backboneOf(tiny), { batchSize: 256, memoryBytes: plenty })).toBe(256);
  });

  it("takes less where memory is short, but at least one image", () => {
    const room = (images: number) => 2 * images * vitB.activationBytes;
    expect(microBatchFor(vitB, { batchSize: 32, memoryBytes: room(8) })).toBe(8);
    expect(microBatchFor(vitB, { batchSize: 32, memoryBytes: room(5) })).toBe(4);
    expect(microBatchFor(vitB, { batchSize: 32, memoryBytes: room(0.1) })).toBe(1);
  });
});
