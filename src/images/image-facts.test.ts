import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { readImageFacts } from "./image-facts.ts";

const root = temporaryFolder("image-facts");
const picture = (channels: 3 | 4 = 3) =>
  sharp({ create: { width: 6, height: 4, channels, background: "red" } });

describe("readImageFacts", () => {
  it.each([
    ["png", picture(4).png(), { kind: "PNG", width: 6, height: 4, channels: 4 }],
    ["jpg", picture().jpeg(), { kind: "JPEG", width: 6, height: 4, channels: 3 }],
    [
      "turned.jpg",
      picture().withMetadata({ orientation: 6 }).jpeg(),
      { kind: "JPEG", width: 4, height: 6, channels: 3 },
    ],
    ["webp", picture().webp(), { kind: "WebP", width: 6, height: 4, channels: 3 }],
  ])("reads a %s", async (ending, image, facts) => {
    const path = join(root, `[a] picture.${ending}`);
    await writeFile(path, await image.toBuffer());
    expect(await readImageFacts(path)).toEqual(facts);
  });

  it("is undefined for what is not an image", async () => {
    const path = join(root, "text.jpg");
    await writeFile(path, "not an image");
    expect(await readImageFacts(path)).toBeUndefined();
    expect(await readImageFacts(root)).toBeUndefined();
    expect(await readImageFacts(join(root, "missing.jpg"))).toBeUndefined();
  });

  it("is undefined for a damaged image", async () => {
    const path = join(root, "cut.png");
    await writeFile(path, (await picture().png().toBuffer()).subarray(0, 20));
    expect(await readImageFacts(path)).toBeUndefined();
  });
});
