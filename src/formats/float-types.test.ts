import { describe, expect, it } from "vitest";
import { toFloat16, toFloat32 } from "./float-types.ts";

const half = (value: number): number => {
  const [bits = Number.NaN] = toFloat16(Float32Array.of(value));
  return bits;
};

describe("toFloat16", () => {
  it("gives back every half-precision number that is finite", () => {
    const all = Uint16Array.from({ length: 65536 }, (_, bits) => bits).filter(
      (bits) => (bits & 0x7c00) !== 0x7c00,
    );
    expect(toFloat16(toFloat32(new Uint8Array(all.buffer), "F16"))).toEqual(all);
  });

  it.each([
    // between 1 and the next number, 1 + 2⁻¹⁰: halves go to the even one
    [1 + 2 ** -11, 0x3c00],
    [1 + 2 ** -11 + 2 ** -20, 0x3c01],
    [1 + 3 * 2 ** -11, 0x3c02],
    // a carry into the exponent
    [2 - 2 ** -12, 0x4000],
    // below 2⁻¹⁴, in steps of 2⁻²⁴
    [2 ** -24, 0x0001],
    [1.5 * 2 ** -24, 0x0002],
    [2 ** -25, 0x0000],
    [2 ** -14 - 2 ** -26, 0x0400],
    [-0.1, 0xae66],
    // what is larger than any of them
    [70000, 0x7bff],
    [-1e9, 0xfbff],
    [Number.POSITIVE_INFINITY, 0x7c00],
    [Number.NaN, 0x7e00],
  ])("rounds %d as IEEE 754 says, and keeps it finite", (value, bits) => {
    expect(half(value)).toBe(bits);
  });
});
