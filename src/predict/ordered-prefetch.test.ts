import { describe, expect, it } from "vitest";
import { orderedPrefetch } from "./ordered-prefetch.ts";

async function collect<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const one of stream) all.push(one);
  return all;
}
const later = <T>(ms: number, value: T): Promise<T> =>
  new Promise((done) => setTimeout(() => done(value), ms));

describe("orderedPrefetch", () => {
  it("gives answers in the order of the items, whichever is ready first", async () => {
    const answers = orderedPrefetch([9, 1, 5], (ms) => later(ms, ms), { ahead: 3 });
    expect(await collect(answers)).toEqual([9, 1, 5]);
  });

  it("works on so many items and no more before an answer is read", async () => {
    const begun: number[] = [];
    const answers = orderedPrefetch([0, 1, 2, 3, 4, 5], async (item) => begun.push(item), { ahead: 2 });
    await answers.next();
    await later(5, undefined);
    expect(begun).toEqual([0, 1]);
    await answers.return();
  });

  it("yields early results while the stream continues", async () => {
    async function* slow() {
      yield 1;
      await new Promise(() => {});
    }
    const answers = orderedPrefetch(slow(), async (item) => item, { ahead: 2 });
    expect(await answers.next()).toEqual({ done: false, value: 1 });
    await answers.return(); // does not wait for what may never come
  });

  it("closes a stream that is left", async () => {
    let closed = false;
    async function* endless() {
      try {
        for (let item = 0; ; item++) yield item;
      } finally {
        closed = true;
      }
    }
    for await (const item of orderedPrefetch(endless(), async (one) => one, { ahead: 2 }))
      if (item === 3) break;
    await later(1, undefined);
    expect(closed).toBe(true);
  });

  it("ends with the reason of its signal", async () => {
    const stop = new AbortController();
    const answers = orderedPrefetch([1], () => new Promise(() => {}), { ahead: 1, signal: stop.signal });
    const ending = collect(answers);
    stop.abort(new Error("enough"));
    await expect(ending).rejects.toThrow("enough");
  });

  it("ends with the failure of the work", async () => {
    const answers = orderedPrefetch(
      [1, 2],
      async (item) => {
        if (item === 2) throw new Error("failed");
        return item;
      },
      { ahead: 2 },
    );
    expect(await answers.next()).toEqual({ done: false, value: 1 });
    await expect(answers.next()).rejects.toThrow("failed");
  });
});
