import { afterAll, describe, expect, it } from "vitest";
import { randomNumbers } from "../../test/random-numbers.ts";
import { tinyModel } from "../../test/tiny-model.ts";
import { tiny } from "../../test/tiny-vit.ts";
import { openEngine } from "../engine/open-engine.ts";
import { examplesInMemory } from "./examples.ts";
import { type FitOptions, fit } from "./fit.ts";
import { rowsInMemory } from "./row-store.ts";

const model = tinyModel({ ...tiny, depth: 4 });
const size = 3 * 8 * 8;
const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());

const examples = (count: number, seed: number) =>
  examplesInMemory(
    randomNumbers(count * size, { seed }),
    Array.from({ length: count }, (_, at) => at % 2),
  );

const options = (more: Partial<FitOptions> = {}): FitOptions => ({
  ...{ model, classes: 2, train: examples(10, 1), val: examples(4, 2), engine },
  method: { name: "rlrr", options: { blocks: "2-3" } },
  recipe: { name: "official", epochs: 3, batchSize: 4, warmupEpochs: 0, learningRate: 1e-2 },
  ...more,
});

/** The share of a step that was kept, its progress, notes, and all losses. */
async function train(given: FitOptions) {
  const losses: number[] = [];
  const labels = new Set<string>();
  const notes: string[] = [];
  let keptShare: number | undefined;
  for await (const event of fit(given)) {
    if (event.type === "start") keptShare = event.keptShare;
    if (event.type === "note") notes.push(event.message);
    if (event.type === "progress") labels.add(event.label);
    if (event.type === "step") losses.push(event.loss);
    if (event.type === "epoch") losses.push(event.valLoss ?? Number.NaN);
  }
  return { keptShare, labels, notes, losses };
}

/** As they are, but said to be other pixels in every epoch. */
const augmented = { ...examples(10, 1), deterministic: false };

describe("the frozen lower part", () => {
  it("is computed once, to the same bits", async () => {
    const kept = await train(options());
    const anew = await train(options({ train: augmented }));
    // Half of the blocks: less than half of a step, which goes back through the others too.
    expect(kept.keptShare).toBeGreaterThan(0.1);
    expect(kept.keptShare).toBeLessThan(0.5);
    expect(kept.labels).toContain("computing frozen blocks");
    expect(anew.keptShare).toBeUndefined();
    expect(kept.losses).toHaveLength(12);
    expect(kept.losses).toEqual(anew.losses);
  });

  it("is kept elsewhere where memory is too small, and removed", async () => {
    const opened: string[] = [];
    const kept = await train(
      options({
        memoryBytes: 1000,
        openRows: async ({ rows, width }) => {
          opened.push(`${rows} rows of ${width}`);
          const store = rowsInMemory();
          return {
            ...store,
            close: async () => {
              opened.push("closed");
              await store.close();
            },
          };
        },
      }),
    );
    // CLS and four patches, 16 wide
    expect(opened).toEqual(["10 rows of 80", "closed"]);
    expect(kept.losses).toEqual((await train(options({ train: augmented, memoryBytes: 1000 }))).losses);
  });

  it("is computed anew where there is no room for it, which is said", async () => {
    const cramped = await train(options({ memoryBytes: 1000, openRows: async () => undefined }));
    expect(cramped.keptShare).toBeUndefined();
    expect(cramped.notes.join()).toContain("there is no room on the disk");
    expect(cramped.losses).toEqual((await train(options({ train: augmented, memoryBytes: 1000 }))).losses);
  });

  it("ends where dropout begins to change it", async () => {
    const { keptShare = 0 } = await train(options());
    const dropped = await train(options({ recipe: { ...options().recipe, dropout: 0.1 } }));
    expect(dropped.keptShare).toBeGreaterThan(0);
    expect(dropped.keptShare).toBeLessThan(keptShare);
  });

  it.each<[string, Partial<FitOptions>]>([
    ["all blocks train", { method: { name: "rlrr" } }],
    ["each image is seen once", { recipe: { ...options().recipe, epochs: 1 } }],
    ["two noisy passes are compared", { recipe: { ...options().recipe, consistency: 0.5 } }],
  ])("is computed in every step where %s", async (_why, more) => {
    expect((await train(options(more))).keptShare).toBeUndefined();
  });
});
