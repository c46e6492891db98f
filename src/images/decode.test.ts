import { execFile } from "node:child_process";
import { chmod, mkdtemp, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import sharp, { type Sharp } from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { FileError } from "../errors.ts";
import { decodeImage } from "./decode.ts";
import { readHeader } from "./read-header.ts";

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "rlrr-decode-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

/** 3 × 2: red, green, blue; black, white, grey. */
const pixels = [255, 0, 0, 0, 255, 0, 0, 0, 255, 0, 0, 0, 255, 255, 255, 128, 128, 128];
const rgb = sharp(Uint8Array.from(pixels), { raw: { width: 3, height: 2, channels: 3 } });
const noise = sharp(
  Uint8Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7919) % 251),
  { raw: { width: 64, height: 64, channels: 3 } },
);

/** A square of 24-bit noise; the last row ends the file. */
function bmp24(side: number): Buffer {
  const header = Buffer.alloc(54);
  header.write("BM", "latin1");
  for (const [at, value] of [
    [10, 54],
    [14, 40],
    [18, side],
    [22, side],
  ] as const)
    header.writeUInt32LE(value, at);
  header.writeUInt16LE(1, 26);
  header.writeUInt16LE(24, 28);
  return Buffer.concat([
    header,
    Buffer.from(Array.from({ length: side * side * 3 }, (_, i) => (i * 7919) % 251)),
  ]);
}

function box(type: string, content: Uint8Array): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(8 + content.length);
  head.write(type, 4, "latin1");
  return Buffer.concat([head, content]);
}
const fileType = (brands: string) => box("ftyp", Buffer.from(brands, "latin1"));

/** The boxes that give an AVIF's size, and nothing more. */
function avif(width: number, height: number): Buffer {
  const size = Buffer.alloc(12);
  size.writeUInt32BE(width, 4);
  size.writeUInt32BE(height, 8);
  const properties = box("iprp", box("ipco", box("ispe", size)));
  const meta = box("meta", Buffer.concat([Buffer.alloc(4), properties]));
  return Buffer.concat([fileType("avif\0\0\0\0avifmif1"), meta]);
}

/** `meta` boxes, one in the other; each is 12 bytes longer than what is in it. */
function nestedBoxes(depth: number): Buffer {
  const boxes = Buffer.alloc(12 * depth);
  for (let at = 0; at < boxes.length; at += 12) {
    boxes.writeUInt32BE(boxes.length - at, at);
    boxes.write("meta", at + 4, "latin1");
  }
  return boxes;
}

describe("decodeImage", () => {
  it("reads lossless formats to the byte, from bytes and from a path", async () => {
    const png = await rgb.clone().png().toBuffer();
    await writeFile(at("a.jpg"), png); // extensions lie
    const want = { width: 3, height: 2, pixels: Uint8Array.from(pixels) };
    expect(await decodeImage(png)).toEqual(want);
    expect(await decodeImage(at("a.jpg"))).toEqual(want);
    expect(await decodeImage(await rgb.clone().webp({ lossless: true }).toBuffer())).toEqual(want);
    expect(await decodeImage(await rgb.clone().png({ palette: true }).toBuffer())).toEqual(want);
    expect(await decodeImage(await rgb.clone().gif().toBuffer())).toEqual(want);
  });

  it("reads JPEG and AVIF", async () => {
    const flat = sharp({
      create: { width: 20, height: 10, channels: 3, background: { r: 200, g: 100, b: 50 } },
    });
    for (const bytes of [await flat.clone().jpeg().toBuffer(), await flat.clone().avif().toBuffer()]) {
      const image = await decodeImage(bytes);
      expect([image.width, image.height]).toEqual([20, 10]);
      for (const [channel, value] of [200, 100, 50].entries())
        expect(Math.abs((image.pixels[channel] ?? 0) - value)).toBeLessThan(4);
    }
  });

  it("gives three channels to grey, grey with alpha, RGBA, 16 bits and CMYK", async () => {
    const raw = (channels: 1 | 2 | 4, bytes: number[]) =>
      sharp(Uint8Array.from(bytes), { raw: { width: 1, height: 1, channels } });
    const first = async (image: Sharp) => [...(await decodeImage(await image.toBuffer())).pixels];
    expect(await first(raw(1, [77]).toColourspace("b-w").png())).toEqual([77, 77, 77]);
    expect(await first(raw(2, [77, 10]).toColourspace("b-w").png())).toEqual([77, 77, 77]);
    expect(await first(raw(4, [9, 8, 7, 0]).png())).toEqual([9, 8, 7]); // alpha is dropped, not blended
    const deep = sharp(Uint16Array.from([0x1234, 0xffff, 0x00ff]), {
      raw: { width: 1, height: 1, channels: 3 },
    });
    expect(await first(deep.toColourspace("rgb16").png())).toEqual([0x12, 0xff, 0x00]);
    const cmyk = await sharp({ create: { width: 8, height: 8, channels: 3, background: "#c03020" } })
      .toColourspace("cmyk")
      .jpeg({ quality: 100 })
      .toBuffer();
    expect((await sharp(cmyk).metadata()).channels).toBe(4);
    const [red = 0, green = 255, blue = 255] = (await decodeImage(cmyk)).pixels;
    expect([red > 130, green < 110, blue < 110]).toEqual([true, true, true]);
  });

  it("turns the picture upright by its EXIF orientation", async () => {
    const png = await rgb.clone().withMetadata({ orientation: 6 }).png().toBuffer();
    const image = await decodeImage(png);
    expect([image.width, image.height]).toEqual([2, 3]);
    // Orientation 6: the first row is the right-hand side.
    expect([...image.pixels]).toEqual([
      0, 0, 0, 255, 0, 0, 255, 255, 255, 0, 255, 0, 128, 128, 128, 0, 0, 255,
    ]);
  });

  it("reads the first frame of an animation", async () => {
    const frames = sharp(Uint8Array.from([...Array(12).fill(250), ...Array(12).fill(5)]), {
      raw: { width: 2, height: 4, channels: 3, pageHeight: 2 },
    });
    const gif = await frames.gif({ delay: [10, 10] }).toBuffer();
    expect((await sharp(gif, { animated: true }).metadata()).pages).toBe(2);
    const image = await decodeImage(gif);
    expect([image.width, image.height, image.pixels[0]]).toEqual([2, 2, 250]);
  });

  const but = (kind: string) =>
    `x.jpg is not a JPEG, PNG, WebP, GIF, AVIF, HEIC, TIFF or BMP image${kind}. Convert it or remove it.`;
  const damaged = (kind: string, how: string) =>
    `x.jpg: this ${kind} file is damaged or cut short (${how}). Replace it or remove it.`;
  it.each<readonly [string, string | Uint8Array, string]>([
    ["nothing", "", "x.jpg is empty (0 bytes). Replace it or remove it."],
    ["renamed text", "hello, I am a text file\n", "x.jpg is text, not an image. Replace it or remove it."],
    [
      "an LFS pointer",
      "version https://git-lfs.github.com/spec/v1\noid sha256:1\n",
      "x.jpg is a Git LFS pointer, not the image itself. Run git lfs pull.",
    ],
    ["SVG", '<?xml version="1.0"?>\n<svg></svg>', but(" but SVG")],
    [
      "SVG that says WEBP",
      '<!-- -->WEBP<svg xmlns="http://www.w3.org/2000/svg"></svg>',
      "x.jpg is text, not an image. Replace it or remove it.",
    ],
    ["TIFF that says WEBP", "MM\0*\0\0\0\x08WEBP", damaged("TIFF", "premature end of file")],
    ["RIFF that is sound", "RIFF\x24\0\0\0WAVEfmt ", but("")],
    ["BigTIFF", "II+\0\x08\0\0\0", but(" but BigTIFF")],
    ["BMP of an unknown header", `BM\x36${"\0".repeat(11)}\x29\0\0\0`, but("")],
    ["a sequence", "\0\0\0\x18ftypavis\0\0\0\0avifavis", but(" but AVIF sequence")],
    ["a HEIC sequence", "\0\0\0\x18ftyphevc\0\0\0\0msf1hevc", but(" but HEIC sequence")],
    ["video", "\0\0\0\x18ftypisom\0\0\0\0isomiso2", but(" but video")],
    ...(["AVIF", "HEIC"] as const).map(
      (kind) =>
        [
          `a ${kind} of boxes nested too deeply`,
          Buffer.concat([
            fileType(kind === "AVIF" ? "avif\0\0\0\0mif1" : "heic\0\0\0\0mif1"),
            nestedBoxes(60_000),
          ]),
          `x.jpg: a ${kind} file of this kind is not read (boxes nested more than 8 deep). Convert it or remove it.`,
        ] as const,
    ),
    [
      "a HEIC without a size, whatever comes after its brands",
      Buffer.concat([fileType("heic\0\0\0\0mif1"), box("free", Buffer.from("avif"))]),
      damaged("HEIC", "no size in its header"),
    ],
    [
      "a HEIC that says it is compatible with AVIF",
      fileType("heic\0\0\0\0mif1avif"),
      damaged("HEIC", "no size in its header"),
    ],
    ["unknown bytes", "\x01\x02\x03\x04", but("")],
  ])("refuses %s", async (_, content, message) => {
    const bytes = typeof content === "string" ? Buffer.from(content, "latin1") : content;
    await expect(decodeImage(bytes, { where: "x.jpg" })).rejects.toThrow(new FileError(message));
  });

  it("refuses every truncation of every format, whatever the length", async () => {
    const encoded = [
      await noise.clone().jpeg().toBuffer(),
      await noise.clone().jpeg({ progressive: true }).toBuffer(),
      await noise.clone().png().toBuffer(),
      await noise.clone().webp().toBuffer(),
      await noise.clone().gif().toBuffer(),
      await noise.clone().avif({ effort: 0 }).toBuffer(),
      await noise.clone().tiff({ compression: "lzw" }).toBuffer(),
      bmp24(64),
    ];
    for (const bytes of encoded)
      for (const share of [0.02, 0.3, 0.6, 0.9])
        await expect(decodeImage(bytes.subarray(0, Math.floor(bytes.length * share)))).rejects.toThrow(
          FileError,
        );
    const [jpeg = Buffer.alloc(0)] = encoded;
    await expect(decodeImage(jpeg.subarray(0, jpeg.length / 2), { where: "x.jpg" })).rejects.toThrow(
      new FileError(
        "x.jpg: this JPEG file is damaged or cut short (premature end of JPEG image). Replace it or remove it.",
      ),
    );
  });

  it("neither crashes nor hangs on mutated bytes", async () => {
    for (const bytes of [
      await noise.clone().jpeg().toBuffer(),
      await noise.clone().png().toBuffer(),
      await noise.clone().webp().toBuffer(),
      await noise.clone().gif().toBuffer(),
      await noise.clone().tiff({ compression: "lzw" }).toBuffer(),
      bmp24(64),
    ])
      for (let round = 0; round < 15; round++) {
        const mutated = Uint8Array.from(bytes);
        for (let hit = 0; hit < 8; hit++)
          mutated[(round * 7919 + hit * 104729) % bytes.length] = (round * 31 + hit * 17) % 256;
        const outcome = await decodeImage(mutated).catch((error: unknown) => error);
        expect(
          outcome instanceof FileError ||
            (typeof outcome === "object" && outcome !== null && "pixels" in outcome),
        ).toBe(true);
      }
  });

  it("refuses a decompression bomb before decoding it", async () => {
    const header = Buffer.alloc(25);
    header.writeUInt32BE(13, 0);
    header.write("IHDR", 4, "latin1");
    header.writeUInt32BE(60000, 8);
    header.writeUInt32BE(60000, 12);
    header.set([8, 2, 0, 0, 0], 16);
    header.writeUInt32BE(0xfb0e215, 21); // CRC-32 of the 17 bytes before
    const png = await rgb.clone().png().toBuffer();
    const bomb = Buffer.concat([png.subarray(0, 8), header, png.subarray(33)]);
    await expect(decodeImage(bomb, { where: "bomb.png" })).rejects.toThrow(
      new FileError(
        "bomb.png says it is 60000 × 60000; at most 134217728 pixels are allowed. Make it smaller or remove it.",
      ),
    );
  });

  it("refuses a PNG of more chunks than any encoder writes, which would fill the memory", async () => {
    const png = await rgb.clone().png().toBuffer();
    const empty = Buffer.from([0, 0, 0, 0, ...Buffer.from("IDAT"), 0x35, 0xaf, 0x06, 0x1e]);
    const chunks = (count: number) =>
      decodeImage(
        Buffer.concat([png.subarray(0, 33), ...Array<Buffer>(count).fill(empty), png.subarray(33)]),
        {
          where: "chunks.png",
        },
      );
    await expect(chunks(2 ** 18)).rejects.toThrow(
      new FileError(
        "chunks.png: a PNG file of this kind is not read (more than 262144 chunks). Convert it or remove it.",
      ),
    );
    expect((await chunks(100)).pixels).toEqual(Uint8Array.from(pixels));
  });

  it("refuses a JPEG of more scans than any encoder writes", async () => {
    const jpeg = await noise.clone().jpeg({ progressive: true }).toBuffer();
    const end = jpeg.length - 2;
    const scan = jpeg.subarray(jpeg.lastIndexOf(Buffer.from([0xff, 0xda])), end);
    const scans = (count: number) =>
      decodeImage(
        Buffer.concat([jpeg.subarray(0, end), ...Array<Buffer>(count).fill(scan), jpeg.subarray(end)]),
        {
          where: "scans.jpg",
        },
      );
    await expect(scans(501)).rejects.toThrow(
      new FileError(
        "scans.jpg: a JPEG file of this kind is not read (more than 500 scans, each a pass over the whole image). Convert it or remove it.",
      ),
    );
    // Ten are the image's own; the decoder then finds the ones that are made up.
    await expect(scans(480)).rejects.toThrow("scans.jpg: this JPEG file is damaged or cut short");
  });

  it("never inflates what a PNG says beside its pixels", async () => {
    const png = await rgb.clone().png().toBuffer();
    const chunk = Buffer.alloc(12 + 5);
    chunk.writeUInt32BE(5, 0);
    chunk.write("zTXtab\0\0x", 4, "latin1"); // neither a sound stream nor a sound checksum
    const odd = Buffer.concat([png.subarray(0, 33), chunk, png.subarray(33)]);
    const kept = (bytes: Uint8Array) => readHeader(bytes, { kind: "PNG", where: "x.png" }).bytes;
    expect(kept(odd)).toEqual(kept(png));
    expect([...(await decodeImage(odd)).pixels]).toEqual(pixels);
  });

  const tiff = (tags: readonly (readonly [tag: number, value: number])[]) => {
    const file = Buffer.alloc(10 + tags.length * 12 + 4);
    file.write("II*\0", "latin1");
    file.writeUInt32LE(8, 4);
    file.writeUInt16LE(tags.length, 8);
    for (const [index, [tag, value]] of tags.entries()) {
      const at = 10 + index * 12;
      file.writeUInt16LE(tag, at);
      file.writeUInt16LE(4, at + 2);
      file.writeUInt32LE(1, at + 4);
      file.writeUInt32LE(value, at + 8);
    }
    return file;
  };
  const [width, bits, compression, photometric, format] = [256, 258, 259, 262, 339];
  const whole = "numbers that are not whole, or not of 1, 2, 4, 8 or 16 bits";
  it.each<[string, Uint8Array, string]>([
    [
      "floating-point TIFF",
      tiff([
        [bits, 32],
        [photometric, 1],
        [format, 3],
      ]),
      `TIFF file of this kind is not read (${whole})`,
    ],
    [
      "signed TIFF",
      tiff([
        [bits, 8],
        [format, 2],
      ]),
      `TIFF file of this kind is not read (${whole})`,
    ],
    [
      "WebP in TIFF",
      tiff([
        [bits, 8],
        [compression, 50001],
      ]),
      "TIFF file of this kind is not read (compression 50001)",
    ],
    [
      "LAB",
      tiff([
        [bits, 8],
        [photometric, 8],
      ]),
      "TIFF file of this kind is not read (colours of kind 8 in 8 bits)",
    ],
    [
      "YCbCr without JPEG",
      tiff([
        [bits, 8],
        [photometric, 6],
      ]),
      "TIFF file of this kind is not read (colours of kind 6 in 8 bits)",
    ],
    ["BMP of 2 bits", bmp24(2).fill(2, 28, 29), "BMP file of this kind is not read (2 bits per pixel)"],
    ["PNG in BMP", bmp24(2).fill(5, 30, 31), "BMP file of this kind is not read (compression 5 of 24 bits)"],
  ])("refuses %s", async (_, bytes, message) => {
    await expect(decodeImage(bytes, { where: "x" })).rejects.toThrow(
      new FileError(`x: a ${message}. Convert it or remove it.`),
    );
  });

  const big = (size: number) => [size & 255, size >> 8];
  it.each<[string, Uint8Array, string]>([
    [
      "a TIFF",
      tiff([
        [width, 70000],
        [257, 70000],
        [bits, 8],
        [photometric, 1],
      ]),
      "70000 × 70000; at most 134217728",
    ],
    [
      "a tile of a TIFF",
      tiff([
        [width, 7],
        [257, 7],
        [322, 65536],
        [323, 65536],
        [bits, 8],
        [photometric, 1],
      ]),
      "65536 × 65536; at most 134217728",
    ],
    ["a BMP", bmp24(1).fill(0x7f, 18, 26), "2139062143 × 2139062143; at most 134217728"],
    [
      "a GIF",
      Buffer.from([
        ...Buffer.from("GIF89a"),
        ...big(1),
        ...big(1),
        0,
        0,
        0,
        0x2c,
        0,
        0,
        0,
        0,
        ...big(65535),
        ...big(65535),
        0,
      ]),
      "65535 × 65535; at most 134217728",
    ],
    [
      "a WebP",
      Buffer.concat([
        Buffer.from("RIFF\x1e\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0", "latin1"),
        Buffer.alloc(6, 0xff),
      ]),
      "16777216 × 16777216; at most 134217728",
    ],
    ["an AVIF", avif(12000, 12000), "12000 × 12000; at most 80530636"],
  ])("refuses the size of %s before decoding it", async (_, bytes, size) => {
    await expect(decodeImage(bytes, { where: "x" })).rejects.toThrow(
      new FileError(`x says it is ${size} pixels are allowed. Make it smaller or remove it.`),
    );
  });

  it("refuses what is not a readable file, without waiting for it", async () => {
    await expect(decodeImage(at("none.jpg"))).rejects.toThrow(
      new FileError(`${at("none.jpg")} cannot be read: no such file.`),
    );
    await expect(decodeImage(folder)).rejects.toThrow(
      new FileError(`${folder} is not a file. Remove it from the data.`),
    );
    await writeFile(at("huge.jpg"), "");
    await truncate(at("huge.jpg"), 300 * 2 ** 20); // sparse: takes no room
    await expect(decodeImage(at("huge.jpg"))).rejects.toThrow(
      new FileError(
        `${at("huge.jpg")} has 314572800 bytes; at most 256 MiB are allowed for an image. Make it smaller or remove it.`,
      ),
    );
  });

  it.skipIf(process.platform === "win32")("refuses a named pipe", async () => {
    await promisify(execFile)("mkfifo", [at("pipe.jpg")]);
    await expect(decodeImage(at("pipe.jpg"))).rejects.toThrow(
      new FileError(`${at("pipe.jpg")} is not a file. Remove it from the data.`),
    );
  });

  it.skipIf(process.platform === "win32" || process.getuid?.() === 0)(
    "says when there is no permission (needs a user other than root)",
    async () => {
      await writeFile(at("locked.jpg"), "x");
      await chmod(at("locked.jpg"), 0);
      await expect(decodeImage(at("locked.jpg"))).rejects.toThrow(
        new FileError(`${at("locked.jpg")} cannot be read: no permission to read it.`),
      );
    },
  );
});
