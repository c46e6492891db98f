import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { formulaImage } from "../../test/formula-image.ts";
import type { Filter, Size } from "../preprocessing/steps.ts";
import { torchvisionResize, transformersJsResize } from "./own-pixels.ts";

interface Case {
  readonly size: Size;
  readonly to: Size;
  readonly filter: Filter;
  readonly sha256: string;
}
const { cases }: { cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL("../../test/golden/torchvision-resize.json", import.meta.url), "utf8"),
);

describe("torchvisionResize", () => {
  it.each(cases)("gives torchvision's bytes: $size to $to, $filter", async ({ size, to, filter, sha256 }) => {
    const { pixels } = await torchvisionResize.resize(formulaImage(size), to, filter);
    expect(createHash("sha256").update(pixels).digest("hex")).toBe(sha256);
  });
});

describe("transformersJsResize", () => {
  it.each(["bicubic", "bilinear", "lanczos"] as const)(
    "gives the size that was asked for: %s",
    async (filter) => {
      const image = await transformersJsResize.resize(formulaImage([75, 100]), [28, 24], filter);
      expect([image.height, image.width, image.pixels.length]).toEqual([28, 24, 3 * 28 * 24]);
    },
  );

  it("leaves an image of that size as it is", async () => {
    const image = formulaImage([28, 24]);
    expect(await transformersJsResize.resize(image, [28, 24], "bicubic")).toBe(image);
  });
});
