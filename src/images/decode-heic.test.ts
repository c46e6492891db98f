import { describe, expect, it } from "vitest";
import { heicFile as heic } from "../../scripts/fuzz/heic-file.ts";
import { FileError } from "../errors.ts";
import { decodeImage } from "./decode.ts";
import { decodeHeic } from "./decode-heic.ts";
import { openImageStore } from "./image-store.ts";

/** The first pixels as pillow-heif reads them. */
const first = [22, 65, 118, 30, 73, 126, 34, 93, 135, 49, 108, 150];

describe("decodeImage", () => {
  it("reads HEIC, with colours that differ by a few from Pillow's", async () => {
    const { width, height, pixels } = await decodeImage(heic);
    expect([width, height, pixels.length]).toEqual([16, 12, 16 * 12 * 3]);
    for (const [at, value] of first.entries())
      expect(Math.abs((pixels[at] ?? Number.NaN) - value)).toBeLessThanOrEqual(4);
  });

  it("refuses HEIC that is cut short", async () => {
    await expect(decodeImage(heic.subarray(0, 300), { where: "x.heic" })).rejects.toThrow(
      /^x\.heic: this HEIC file is damaged or cut short \(.+\)\. Replace it or remove it\.$/,
    );
  });
});

describe("a HEIC that its decoder chokes on where nobody awaits it", () => {
  it("is refused like any other damaged file, and ends no process", async () => {
    const odd = Buffer.from(heic);
    odd[352] = 0xfe; // the crop begins far outside
    const store = openImageStore({ threads: 1 });
    const message =
      "x.heic: this HEIC file is damaged or cut short (offset is out of bounds). Replace it or remove it.";
    await expect(store.load(odd, [], { where: "x.heic" })).rejects.toThrow(new FileError(message));
    expect((await store.load(heic, [])).width).toBe(16);
    await store.close();
  });
});

describe("decodeHeic", () => {
  it("says which package is missing", async () => {
    await expect(decodeHeic(heic, { where: "x.heic", find: async () => undefined })).rejects.toThrow(
      new FileError(
        "x.heic is a HEIC image, which needs the optional package heic-decode. Run npm install heic-decode, or convert the image.",
      ),
    );
  });
});
