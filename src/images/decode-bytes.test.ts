import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { FileError } from "../errors.ts";
import { decodeBytes, NeedsMemory, restrictDecoders } from "./decode-bytes.ts";

beforeAll(restrictDecoders);

const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>';
const tiff = "II*\0\x08\0\0\0";
const decode = (text: string) =>
  decodeBytes(Buffer.from(text, "latin1"), { where: "x", maxDecodedBytes: 2 ** 40 });
const red = sharp({ create: { width: 4, height: 4, channels: 3, background: "red" } });

describe("restrictDecoders", () => {
  it("leaves libvips the decoders of kinds that are read, and no other", async () => {
    const kindOf = (bytes: Buffer) =>
      sharp(bytes)
        .metadata()
        .then(({ format }) => format)
        .catch((error: Error) => error.message);
    expect(await kindOf(Buffer.from(svg))).toBe("Input buffer contains unsupported image format");
    expect(await kindOf(Buffer.from(`${" ".repeat(500)}${svg}`))).toBe(
      "Input buffer contains unsupported image format",
    );
    expect(await kindOf(await red.clone().gif().toBuffer())).toBe(
      "Input buffer contains unsupported image format",
    );
    expect(await kindOf(await red.clone().png().toBuffer())).toBe("png");
  });

  // Each begins as one kind and continues as another: no decoder may see the second.
  it.each([
    ["JPEG", `\xff\xd8\xff${svg}`],
    ["PNG", `\x89PNG\r\n\x1a\n${svg}`],
    ["WebP", `RIFF????WEBPVP8 ${svg}`],
    ["WebP", `RIFF????WEBPVP8X${tiff}${svg}`],
    ["GIF", `GIF89a${svg}`],
    ["AVIF", `\0\0\0\x18ftypavif${svg}`],
    ["AVIF", `\0\0\0\x18ftypxxxx\0\0\0\0mif1avif${svg}`],
    ["TIFF", `${tiff}${svg}`],
    ["BMP", `BM????????????\x28\0\0\0${svg}`],
  ])("finds a %s damaged that continues as SVG", async (kind, text) => {
    const error = await decode(text).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(FileError);
    expect(String(error)).toMatch(new RegExp(`(this|a) ${kind} file|says it is`));
  });

  it("does not run when the library is imported, nor when it decodes", async () => {
    const script = `
      import sharp from "sharp";
      const state = () => JSON.stringify([sharp.concurrency(), Object.values(sharp.cache()).map(({ max }) => max)]);
      sharp.concurrency(3);
      sharp.cache({ memory: 77, files: 7, items: 70 });
      const before = state();
      const { decodeImage } = await import("./src/node.ts");
      const { width } = await decodeImage(await sharp(Buffer.from(${JSON.stringify(svg)})).png().toBuffer());
      console.log(width, state() === before, (await sharp(Buffer.from(${JSON.stringify(svg)})).metadata()).format);`;
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--import", "tsx", "--input-type=module", "-e", script],
      { cwd: fileURLToPath(new URL("../..", import.meta.url)), timeout: 30_000 },
    );
    expect(stdout).toBe("8 true svg\n");
  });
});

describe("decodeBytes", () => {
  it("asks for leave before it takes more memory than it was given", async () => {
    const bytes = await red.clone().jpeg().toBuffer(); // 16 pixels of 6 bytes
    expect((await decodeBytes(bytes, { where: "x", maxDecodedBytes: 96 })).width).toBe(4);
    await expect(decodeBytes(bytes, { where: "x", maxDecodedBytes: 95 })).rejects.toThrow(NeedsMemory);
  });
});
