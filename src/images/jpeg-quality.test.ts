import sharp from "sharp";
import { expect, it } from "vitest";
import { jpegQuality } from "./jpeg-quality.ts";

const pixels = { create: { width: 16, height: 16, channels: 3, background: "teal" } } as const;

it.each([1, 30, 50, 75, 95, 100])("knows quality %i again", async (quality) => {
  // Without these, libjpeg's own tables.
  expect(jpegQuality(await sharp(pixels).jpeg({ quality }).toBuffer())).toBe(quality);
});

it("says nothing of other tables, of files that are cut short, and of what is no JPEG", async () => {
  const whole = await sharp(pixels).jpeg({ quality: 75 }).toBuffer();
  const other = Buffer.from(whole);
  const at = other.indexOf(Buffer.of(0xff, 0xdb)) + 20;
  other.writeUInt8(other.readUInt8(at) + 1, at);
  expect(jpegQuality(other)).toBeUndefined();
  for (const length of [0, 1, 3, 20, 40, 60]) expect(jpegQuality(whole.subarray(0, length))).toBeUndefined();
  expect(jpegQuality(await sharp(pixels).png().toBuffer())).toBeUndefined();
});
