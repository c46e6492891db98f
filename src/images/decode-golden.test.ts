import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { decodeImage } from "./decode.ts";

interface Case {
  readonly name: string;
  readonly size: readonly [width: number, height: number];
  readonly first: readonly number[];
  readonly sha256: string;
  /** The file in base64. */
  readonly file: string;
}

/** Made by parity/make_decode_golden.py. */
const golden: { readonly cases: readonly Case[] } = JSON.parse(
  readFileSync(new URL("../../test/golden/pillow-decode.json", import.meta.url), "utf8"),
);

describe("decodeImage", () => {
  it.each(golden.cases)("equals Pillow in every byte: $name", async ({ name, size, first, sha256, file }) => {
    const { width, height, pixels } = await decodeImage(Buffer.from(file, "base64"), { where: name });
    expect([width, height]).toEqual(size);
    expect([...pixels.subarray(0, 6)]).toEqual(first);
    expect(createHash("sha256").update(pixels).digest("hex")).toBe(sha256);
  });

  it("covers every kind but AVIF, whose colours differ by a few", () => {
    const endings = new Set(golden.cases.map(({ name }) => name.split(".").at(-1)));
    expect([...endings].toSorted()).toEqual(["bmp", "gif", "jpg", "mpo", "png", "tif", "webp"]);
    expect(golden.cases).toHaveLength(89);
  });
});
