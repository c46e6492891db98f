import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, describe, expect, it } from "vitest";
import { makeThumbnail } from "./thumbnail.ts";

const folder = mkdtempSync(join(tmpdir(), "rlrr-thumbnail-"));
afterAll(() => rmSync(folder, { recursive: true }));

async function sizeOf(uri: string | undefined) {
  const bytes = Buffer.from((uri ?? "").replace("data:image/jpeg;base64,", ""), "base64");
  const { width, height, format } = await sharp(bytes).metadata();
  return { width, height, format };
}

describe("makeThumbnail", () => {
  it("shrinks a large picture and keeps its shape", async () => {
    const path = join(folder, "large.png");
    await sharp({ create: { width: 640, height: 320, channels: 4, background: "#00ff0080" } })
      .png()
      .toFile(path);
    expect(await sizeOf(await makeThumbnail(path))).toEqual({ width: 160, height: 80, format: "jpeg" });
  });

  it("leaves a small picture as large as it is", async () => {
    const path = join(folder, "small.png");
    await sharp({ create: { width: 8, height: 4, channels: 3, background: "red" } })
      .png()
      .toFile(path);
    expect(await sizeOf(await makeThumbnail(path))).toEqual({ width: 8, height: 4, format: "jpeg" });
  });

  it("does without a picture where the file is missing or damaged", async () => {
    const path = join(folder, "damaged.jpg");
    writeFileSync(path, "not a picture");
    expect(await makeThumbnail(path)).toBeUndefined();
    expect(await makeThumbnail(join(folder, "missing.jpg"))).toBeUndefined();
  });
});
