import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { Image } from "./image.ts";
import { resize } from "./resize.ts";
import type { Filter } from "./steps.ts";

interface Case {
  readonly filter: Filter;
  readonly from: readonly [number, number];
  readonly to: readonly [number, number];
  readonly first: readonly number[];
  readonly sha256: string;
}
const golden: { readonly cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL("../../test/golden/pillow-resize.json", import.meta.url), "utf8"),
);

/** The formula of parity/make_pillow_golden.py. */
function draw([height, width]: readonly [number, number]): Image {
  const pixels = new Uint8Array(width * height * 3);
  let at = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      for (let channel = 0; channel < 3; channel++) {
        const noise = ((x * 7919 + y * 104729 + channel * 1299709 + x * y * 31) % 65521) % 256;
        const edges = ((Math.floor(x / 5) + Math.floor(y / 3) + channel) % 2) * 255;
        pixels[at++] = (x + y) % 7 < 4 ? noise : edges;
      }
  return { width, height, pixels };
}

describe("resize", () => {
  it.each(golden.cases)(
    "equals Pillow in every byte: $filter $from to $to",
    ({ filter, from, to, first, sha256 }) => {
      const image = resize(draw(from), { size: to, filter });
      expect([image.height, image.width]).toEqual(to);
      expect([...image.pixels.subarray(0, 9)]).toEqual(first);
      expect(createHash("sha256").update(image.pixels).digest("hex")).toBe(sha256);
    },
  );

  it("covers every filter", () => {
    expect(new Set(golden.cases.map(({ filter }) => filter)).size).toBe(6);
  });
});
