/** Packed pixels, whatever chunks they come in. */

import { describe, expect, it } from "vitest";
import { packBits, unpackBits } from "../../scripts/vtab/pack-bits.ts";

const values = Uint8Array.from({ length: 40 }, (_, index) => ((index * index * 7) % 5) & 1);

describe("packed bits", () => {
  it.each([1, 3, 7, 8, 9, 13, 40])("come back from chunks of %d", (length) => {
    const bits = new Uint8Array(5);
    for (let at = 0; at < values.length; at += length)
      expect(packBits(bits, values.subarray(at, at + length), at)).toBeLessThanOrEqual(1);
    expect(unpackBits(bits, 1)).toEqual(values);
    expect(unpackBits(bits, 255)).toEqual(values.map((value) => 255 * value));
  });

  it("lie beyond bit 2^31", () => {
    const bits = new Uint8Array(2 ** 28 + 2);
    packBits(bits, Uint8Array.of(0, 1, 1, 0, 0, 0, 0, 0, 1), 2 ** 31);
    expect([...bits.subarray(2 ** 28)]).toEqual([6, 1]);
    packBits(bits, Uint8Array.of(1), 2 ** 31 + 15);
    expect([...bits.subarray(2 ** 28)]).toEqual([6, 129]);
  });

  it.each([0, 9, 39])("tell of a value that is more than 1, at %d", (at) => {
    expect(packBits(new Uint8Array(5), values.with(at, 2), 0)).toBeGreaterThan(1);
    expect(packBits(new Uint8Array(6), values.with(at, 2), 3)).toBeGreaterThan(1);
  });
});
