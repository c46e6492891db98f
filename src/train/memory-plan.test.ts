import { describe, expect, it } from "vitest";
import { tiny } from "../../test/tiny-vit.ts";
import { InputError } from "../errors.ts";
import { backboneOf } from "../model/architectures.ts";
import { type MemoryOptions, peakBytes, planMemory } from "./memory-plan.ts";

const backbone = backboneOf({
  ...tiny,
  ...{ imageSize: [224, 224], patchSize: 16, width: 768, depth: 12, heads: 12, mlpWidth: 3072 },
});
const recipe = { batchSize: 32, microBatchSize: 0, consistency: 0, precision: "fp32" } as const;
const plan = (more: Partial<MemoryOptions>) =>
  planMemory({ backbone, trainables: [], recipe, memoryBytes: 64 * 2 ** 30, ...more });

describe("planMemory", () => {
  it("keeps everything, in runs of the usual size, where memory is not limited or enough", () => {
    expect(plan({})).toEqual({ microBatchSize: 8, recompute: false });
    expect(plan({ memory: 8e9 })).toEqual({ microBatchSize: 8, recompute: false });
  });

  it.each([5e9, 4e9, 3e9, 2.5e9, 2e9, 1.7e9])("stays within %d bytes", (memory) => {
    const way = plan({ memory });
    expect(peakBytes(way, { backbone, trainables: [], recipe })).toBeLessThanOrEqual(memory);
  });

  it("takes smaller runs before it computes blocks twice", () => {
    expect(plan({ memory: 3.5e9 })).toEqual({ microBatchSize: 6, recompute: false });
    expect(plan({ memory: 1.8e9 })).toEqual({ microBatchSize: 8, recompute: true });
  });

  it("keeps what a run began with", () => {
    const settled = { ...recipe, microBatchSize: 4 };
    expect(plan({ recompute: true, recipe: settled })).toEqual({ microBatchSize: 4, recompute: true });
  });

  it("says what would fit where nothing does", () => {
    expect(() => plan({ memory: 1e9 })).toThrow(
      new InputError(
        "memory of 1.0 GB is too little: a step of this model, image size and method takes about 1.5 GB at the least. Give that much, a smaller imageSize, or a smaller model.",
      ),
    );
    expect(() => plan({ memory: 1e9, recipe: { ...recipe, microBatchSize: 8 } })).toThrow(
      /about 1\.7 GB at the least\. Give that much, a smaller microBatchSize, a smaller imageSize/,
    );
  });
});
