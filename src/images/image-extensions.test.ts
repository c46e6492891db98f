import { describe, expect, it } from "vitest";
import { imageKind, isImageName, readableExtensions, readableNames } from "./image-extensions.ts";
import { isReadable } from "./sniff-image.ts";

describe("image endings", () => {
  it.each([
    ["a.JPG", "JPEG"],
    ["a.b.jpeg", "JPEG"],
    ["scan.tif", "TIFF"],
    ["IMG_1.HEIC", "HEIC"],
    ["notes.txt", undefined],
    ["jpg", undefined],
    [".png", undefined],
  ])("takes %s for %s", (name, kind) => {
    expect(imageKind(name)).toBe(kind);
    expect(isImageName(name)).toBe(isReadable(kind));
  });

  it("lists what can be read, as the decoder does", () => {
    expect(readableExtensions).toEqual(
      expect.arrayContaining([".jpg", ".jpeg", ".png", ".webp", ".gif", ".avif"]),
    );
    expect(readableExtensions.every((ending) => isImageName(`a${ending}`))).toBe(true);
    expect(readableNames).toMatch(/^JPEG, PNG, WebP, GIF.* or \w+$/);
  });
});
