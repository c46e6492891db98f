import { describe, expect, it } from "vitest";
import type { Session } from "../engine/engine.ts";
import { PredictionQueue } from "./prediction-queue.ts";

/** Sessions whose logit is the sum of an image's two numbers, and the sizes of the runs that were made. */
function sums({ fail = false } = {}) {
  const runs: number[] = [];
  const compiled: number[] = [];
  const session = async (batchSize: number): Promise<Session> => {
    compiled.push(batchSize);
    return sessionOf(batchSize);
  };
  const sessionOf = (batchSize: number): Session => ({
    buffer: () => new Float32Array(2 * batchSize),
    run: async ({ images = new Float32Array() }) => {
      runs.push(batchSize);
      if (fail) throw new Error("out of memory");
      await new Promise((done) => setTimeout(done, 1));
      const logits = Float32Array.from({ length: batchSize }, (_, row) => {
        const [a = 0, b = 0] = images.subarray(2 * row);
        return a + b;
      });
      return { logits };
    },
    close: async () => {},
  });
  return { runs, compiled, queue: new PredictionQueue({ session, batchSize: 4 }) };
}

const image = (...numbers: number[]) => Promise.resolve(Float32Array.from(numbers));
const answers = async (waiting: Iterable<Promise<Float32Array>>) =>
  (await Promise.all(waiting)).map((logits) => [...logits]);

describe("PredictionQueue", () => {
  it("runs an image by itself where no other comes", async () => {
    const { runs, queue } = sums();
    expect(await answers([queue.answer(image(1, 2))])).toEqual([[3]]);
    expect(runs).toEqual([1]);
  });

  it("gathers what comes at the same time, and pads what is less than a batch", async () => {
    const { runs, queue } = sums();
    const waiting = [1, 2, 3, 4, 5, 6, 7].map((number) => queue.answer(image(number, 10)));
    expect(await answers(waiting)).toEqual([11, 12, 13, 14, 15, 16, 17].map((sum) => [sum]));
    expect(runs).toEqual([4, 4]);
  });

  it("waits for no image that is being decoded", async () => {
    const { runs, queue } = sums();
    let finish = (_: Float32Array) => {};
    const slow = queue.answer(
      new Promise((resolve) => {
        finish = resolve;
      }),
    );
    expect(await answers([queue.answer(image(1, 1))])).toEqual([[2]]);
    expect(runs).toEqual([1]);
    finish(Float32Array.of(3, 4));
    expect(await answers([slow])).toEqual([[7]]);
    expect(runs).toEqual([1, 1]);
  });

  it("gathers what becomes ready while a run is under way", async () => {
    const { runs, queue } = sums();
    const first = queue.answer(image(1, 0));
    while (runs.length === 0) await new Promise(setImmediate);
    const others = [2, 3, 4, 5, 6].map((number) => queue.answer(image(number, 0)));
    expect(await answers([first, ...others])).toEqual([[1], [2], [3], [4], [5], [6]]);
    expect(runs).toEqual([1, 4, 1]);
  });

  it("compiles first what suits the images that are coming", async () => {
    const { compiled, queue } = sums();
    const later = (ms: number) =>
      new Promise<Float32Array>((resolve) => setTimeout(() => resolve(Float32Array.of(ms, 0)), ms));
    await answers([0, 5, 5, 5].map((ms) => queue.answer(later(ms))));
    expect(compiled[0]).toBe(4);
  });

  it("leaves out images that nobody wants any more", async () => {
    const { runs, queue } = sums();
    const left = new AbortController();
    const dropped = queue.answer(image(1, 1), left.signal);
    left.abort(new Error("left"));
    await expect(dropped).rejects.toThrow("left");
    expect(runs).toEqual([]);
    expect(await answers([queue.answer(image(2, 3))])).toEqual([[5]]);
  });

  it("reports a failure to the whole batch, and continues", async () => {
    const { runs, queue } = sums({ fail: true });
    const failed = [queue.answer(image(1, 1)), queue.answer(image(1, 1))];
    for (const one of failed) await expect(one).rejects.toThrow("out of memory");
    await expect(queue.answer(image(1, 1))).rejects.toThrow("out of memory");
    expect(runs).toEqual([4, 1]);
  });
});
