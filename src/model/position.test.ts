import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { interpolatePosition } from "./position.ts";

interface Numbers {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface Case {
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
  readonly grid: Numbers;
  readonly bicubic: Numbers;
  readonly "bicubic-aliased": Numbers;
  readonly "bilinear-zoom": Numbers;
}

const golden = JSON.parse(
  readFileSync(new URL("../../test/golden/position.json", import.meta.url), "utf8"),
) as { readonly cases: readonly Case[] };

const cls = [10, 20, 30];

describe("interpolatePosition", () => {
  for (const method of ["bicubic", "bicubic-aliased", "bilinear-zoom"] as const)
    it.each(golden.cases)(`gives PyTorch's and scipy's numbers: ${method}, $from to $to`, (sample) => {
      const { from, to, grid } = sample;
      const position = {
        shape: [1, 1 + from[0] * from[1], 3],
        data: Float32Array.from([...cls, ...grid.data]),
      };
      const { shape, data } = interpolatePosition(position, { from, to, method });
      expect(shape).toEqual([1, 1 + to[0] * to[1], 3]);
      expect([...data.subarray(0, 3)]).toEqual(cls);
      const worst = Math.max(
        ...sample[method].data.map((value, index) => Math.abs(value - (data[3 + index] ?? Number.NaN))),
      );
      expect(worst).toBeLessThan(2e-6);
    });
});
