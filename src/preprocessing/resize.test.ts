import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { formulaImage } from "../../test/formula-image.ts";
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

describe("resize", () => {
  it.each(golden.cases)(
    "equals Pillow in every byte: $filter $from to $to",
    ({ filter, from, to, first, sha256 }) => {
      const image = resize(formulaImage(from), { size: to, filter });
      expect([image.height, image.width]).toEqual(to);
      expect([...image.pixels.subarray(0, 9)]).toEqual(first);
      expect(createHash("sha256").update(image.pixels).digest("hex")).toBe(sha256);
    },
  );

  it("covers every filter", () => {
    expect(new Set(golden.cases.map(({ filter }) => filter)).size).toBe(6);
  });
});
