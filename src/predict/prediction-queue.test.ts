import { describe, expect, it } from "vitest";
import type { Session } from "../engine/engine.ts";
import { PredictionQueue } from "./prediction-queue.ts";

/** Sessions whose logit is the sum of an image's two numbers, and the sizes of the runs that were made. */
function sums({ fail = false } = {}) {
  const runs: number[] = [];
  const session = async (batchSize: number): Promise<Session> => ({
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
  return { runs, queue: new PredictionQueue({ session, batchSize: 4 }) };
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

  it("waits for an image that is being decoded, until it turns out to be none", async () => {
    const { runs, queue } = sums();
    let fail = (_: Error) => {};
    const damaged = queue.answer(
      new Promise((_, reject) => {
        fail = reject;
      }),
    );
    const others = answers([queue.answer(image(1, 1)), queue.answer(image(2, 2))]);
    await new Promise((done) => setTimeout(done, 5));
    expect(runs).toEqual([]);
    fail(new Error("damaged"));
    await expect(damaged).rejects.toThrow("damaged");
    expect(await others).toEqual([[2], [4]]);
    expect(runs).toEqual([4]);
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
