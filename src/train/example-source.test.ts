import { afterAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { tinyTraining } from "../../test/tiny-training.ts";
import { openEngine } from "../engine/open-engine.ts";
import type { Step } from "../preprocessing/steps.ts";
import { featureSource, imageSource, isStill, type SourceBatch } from "./example-source.ts";

const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());
const { model, dataset, preprocessing, store } = await tinyTraining(
  temporaryFolder("example-source"),
  engine,
);
const { train, val } = dataset.splits;
const [resize, normalize] = preprocessing;
if (!resize || !normalize) throw new Error("no steps");
const flipped: readonly Step[] = [resize, ["randomHorizontalFlip", { probability: 0.5 }], normalize];
const common = { train, val, store, seed: 1 };

async function all(batches: AsyncIterable<SourceBatch>): Promise<SourceBatch[]> {
  const list: SourceBatch[] = [];
  for await (const batch of batches) list.push(batch);
  return list;
}
const labelsOf = (batches: readonly SourceBatch[]) =>
  batches.flatMap(({ labels, count }) => [...labels.subarray(0, count)]);

describe("isStill", () => {
  it.each<[readonly Step[], boolean]>([
    [[resize, normalize], true],
    [[resize, ["centerCrop", { size: [8, 8] }], normalize], true],
    [flipped, false],
    [[resize, ["randomCrop", { size: [8, 8] }], normalize], false],
  ])("tells whether every epoch sees the same pixels (case %#)", (steps, still) => {
    expect(isStill(steps)).toBe(still);
  });
});

describe("imageSource", () => {
  const source = imageSource({ ...common, steps: flipped });

  it("gives images in the order asked for, the last batch padded", async () => {
    const batches = await all(source.train([20, 0, 9], { epoch: 0, batchSize: 2 }));
    expect(batches.map(({ count }) => count)).toEqual([2, 1]);
    expect(labelsOf(batches)).toEqual([2, 0, 1]);
    expect(batches[1]?.input.subarray(3 * 16 * 16).every((x) => x === 0)).toBe(true);
  });

  it("augments alike in the same epoch, wherever an image stands, and otherwise in another", async () => {
    const order = [...train.keys()];
    const epoch = async (number: number, from = 0) =>
      (await all(source.train(order.slice(from), { epoch: number, batchSize: 1 }))).map(({ input }) => input);
    const first = await epoch(0);
    expect(await epoch(0)).toEqual(first);
    expect(await epoch(0, 10)).toEqual(first.slice(10));
    expect(await epoch(1)).not.toEqual(first);
  });

  it("validates on still images, all of them in order", async () => {
    const still = imageSource({ ...common, steps: preprocessing });
    const batches = await all(source.val(5));
    expect(batches).toEqual(await all(still.val(5)));
    expect(labelsOf(batches)).toEqual(val.map(({ label }) => label));
  });
});

describe("featureSource", () => {
  const options = { ...common, model, engine, steps: preprocessing, onProgress: () => {} };

  it("gives the rows asked for, padded with zeros, and tells how far it is", async () => {
    const told: number[][] = [];
    const source = await featureSource({
      ...options,
      onProgress: (done, total) => told.push([done, total]),
    });
    expect(told).toEqual([
      [32, 36],
      [36, 36],
    ]);
    const whole = await all(source.train([...train.keys()], { epoch: 0, batchSize: 24 }));
    const rows = whole[0]?.input ?? new Float32Array();
    const width = 16;
    const batches = await all(source.train([20, 0, 9], { epoch: 5, batchSize: 2 }));
    const [first, second] = batches.map(({ input }) => input);
    expect(labelsOf(batches)).toEqual([2, 0, 1]);
    expect(first).toEqual(
      Float32Array.of(...rows.subarray(20 * width, 21 * width), ...rows.subarray(0, width)),
    );
    expect(second).toEqual(
      Float32Array.of(...rows.subarray(9 * width, 10 * width), ...new Float32Array(width)),
    );
    expect(new Set(rows).size).toBeGreaterThan(100);
  });

  it("keeps training and validation apart", async () => {
    const source = await featureSource(options);
    const alone = await featureSource({ ...options, train: val, val: [] });
    const inVal = await all(source.val(12));
    expect(inVal).toEqual(await all(alone.train([...val.keys()], { epoch: 0, batchSize: 12 })));
    expect(await all(alone.val(12))).toEqual([]);
  });

  it("stops when it is told to", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const stopping = featureSource({
      ...options,
      signal: controller.signal,
      onProgress: () => controller.abort(reason),
    });
    await expect(stopping).rejects.toBe(reason);
  });
});
