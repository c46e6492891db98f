import { expect, it } from "vitest";
import { watchWorkers } from "./watch-workers.ts";

it.each<[counts: (number | undefined)[], told: number]>([
  [[0, 0, 0, 0], 1],
  [[0], 0],
  [[1, 1, 1], 0],
  [[0, 1, 0, 2, 0], 0],
  [[0, 0, 1, 0, 0], 2],
  [[undefined, undefined, undefined], 0],
])("of %j tells %i times that nobody is there", async (counts, expected) => {
  let told = 0;
  const left = [...counts];
  const count = async () => {
    const next = left.shift();
    if (next === undefined) throw new Error("unknown command");
    return next;
  };
  const look = watchWorkers({ count, everyMs: 0, tell: () => told++ });
  for (const _ of counts) await look();
  expect(told).toBe(expected);
});

it("looks no more often than is said", async () => {
  let looks = 0;
  const look = watchWorkers({ count: async () => ++looks, everyMs: 60_000, tell: () => {} });
  for (let at = 0; at < 3; at++) await look();
  expect(looks).toBe(0);
});
