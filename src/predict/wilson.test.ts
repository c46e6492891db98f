import { describe, expect, it } from "vitest";
import { wilsonInterval } from "./wilson.ts";

describe("wilsonInterval", () => {
  // Newcombe, Stat. Med. 17 (1998), table I, method 3.
  it.each([
    [81, 263, 25.53, 36.62],
    [15, 148, 6.24, 16.05],
    [0, 20, 0, 16.11],
    [1, 29, 0.61, 17.18],
  ])("of %d among %d", (correct, images, low, high) => {
    const interval = wilsonInterval(correct, images);
    expect(interval?.[0]).toBeCloseTo(low, 2);
    expect(interval?.[1]).toBeCloseTo(high, 2);
  });

  it("stays between 0 and 100, and is undefined without images", () => {
    expect(wilsonInterval(20, 20)?.[1]).toBe(100);
    expect(wilsonInterval(0, 0)).toBeUndefined();
  });
});
