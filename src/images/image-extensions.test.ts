import { describe, expect, it } from "vitest";
import { imageKind, isImageName, readableNames } from "./image-extensions.ts";
import { isReadable, readableKinds } from "./sniff-image.ts";

describe("image extensions", () => {
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
    for (const name of Object.values(readableKinds).flat()) expect(isImageName(`a.${name}`)).toBe(true);
    expect(readableNames).toMatch(/^JPEG, PNG, WebP, GIF.* or \w+$/);
  });
});
