/** Cases of image files: their kind, their headers, our own decoders here, and all decoders in the process that is for them. */

import sharp from "sharp";
import { lookAtImages } from "../../src/datasets/look-at-images.ts";
import { EngineError, FileError } from "../../src/errors.ts";
import { parseJson } from "../../src/files/read-json.ts";
import { NotReadError } from "../../src/images/byte-reader.ts";
import { decodeImage, readFileFacts } from "../../src/images/decode.ts";
import { decodeBytes, NeedsMemory } from "../../src/images/decode-bytes.ts";
import { readImageFacts } from "../../src/images/image-facts.ts";
import { ImagePool } from "../../src/images/image-pool.ts";
import { type ImageSource, readImageFile, readSource } from "../../src/images/image-source.ts";
import { openImageStore } from "../../src/images/image-store.ts";
import { readHeader } from "../../src/images/read-header.ts";
import { type ImageKind, isReadable, readableKinds, sniffImage } from "../../src/images/sniff-image.ts";
import { drawer } from "../../test/mutations.ts";
import { decode, type FuzzCase } from "./fuzz-case.ts";
import { heicFile } from "./heic-file.ts";

/** 24 × 17 of colour noise: no side is a multiple of a block. */
const noise = (channels: 3 | 4) => {
  const draw = drawer(1);
  const data = Uint8Array.from({ length: 24 * 17 * channels }, () => draw(256));
  return sharp(data, { raw: { width: 24, height: 17, channels } });
};

/** Uncompressed, 24 bits. */
function bmp(): Buffer {
  const [width, height, row] = [5, 3, 16];
  const bytes = Buffer.alloc(54 + row * height, 200);
  bytes.fill(0, 0, 54).write("BM", "latin1");
  for (const [at, value] of [
    [2, bytes.length],
    [10, 54],
    [14, 40],
    [18, width],
    [22, height],
  ] as const)
    bytes.writeUInt32LE(value, at);
  bytes.writeUInt16LE(1, 26);
  bytes.writeUInt16LE(24, 28);
  return bytes;
}

/** Eight bits in runs, with a palette: two pixels of one colour, a jump, an end. */
function runLengthBmp(): Buffer {
  const runs = [2, 1, 0, 3, 5, 6, 7, 0, 0, 0, 5, 2, 0, 2, 0, 1, 5, 3, 0, 0, 5, 4, 0, 1];
  const head = bmp().subarray(0, 54);
  head.writeUInt32LE(54 + 1024, 10);
  head.writeUInt16LE(8, 28);
  head.writeUInt32LE(1, 30);
  return Buffer.concat([head, Buffer.alloc(1024, 99), Buffer.from(runs)]);
}

/** Sixteen bits by masks. */
function maskedBmp(): Buffer {
  const head = Buffer.concat([bmp().subarray(0, 54), Buffer.alloc(12)]);
  head.writeUInt32LE(66, 10);
  head.writeUInt16LE(16, 28);
  head.writeUInt32LE(3, 30);
  for (const [index, mask] of [0xf800, 0x7e0, 0x1f].entries()) head.writeUInt32LE(mask, 54 + 4 * index);
  return Buffer.concat([head, Buffer.alloc(36, 0x5a)]);
}

const files: Readonly<Record<ImageKind, () => Promise<readonly Uint8Array[]>>> = {
  JPEG: () =>
    Promise.all([
      noise(3).jpeg().withMetadata({ orientation: 6 }).toBuffer(),
      noise(3).jpeg({ progressive: true }).toBuffer(),
      noise(3).toColourspace("cmyk").jpeg().toBuffer(),
      noise(3).greyscale().jpeg({ quality: 20 }).toBuffer(),
    ]),
  PNG: () =>
    Promise.all([
      noise(3).png().withMetadata({ orientation: 8 }).toBuffer(),
      noise(4).png({ progressive: true }).toBuffer(),
      noise(3).png({ palette: true, colours: 16 }).toBuffer(),
      noise(3).toColourspace("rgb16").png().toBuffer(),
      noise(3).toColourspace("grey16").png().toBuffer(),
    ]),
  WebP: () =>
    Promise.all([
      noise(3).webp().toBuffer(),
      noise(4).webp({ lossless: true }).toBuffer(),
      noise(4).webp().toBuffer(),
    ]),
  GIF: () =>
    Promise.all([noise(3).gif().toBuffer(), noise(4).gif({ colours: 4, progressive: true }).toBuffer()]),
  AVIF: () => Promise.all([noise(3).avif({ effort: 0 }).toBuffer()]),
  HEIC: async () => [heicFile],
  TIFF: () =>
    Promise.all([
      noise(3).tiff({ compression: "lzw" }).toBuffer(),
      noise(3).tiff({ compression: "none", tile: true, tileWidth: 16, tileHeight: 16 }).toBuffer(),
      noise(3).tiff({ compression: "jpeg" }).toBuffer(),
      noise(3).greyscale().tiff({ bitdepth: 1 }).toBuffer(),
    ]),
  BMP: async () => [bmp(), runLengthBmp(), maskedBmp()],
};
const kinds = Object.keys(readableKinds).filter(isReadable);

/** What a header may say of itself is an `Error` of these; others are faults of the reader. */
function refuseFaults(error: unknown): void {
  const expected =
    error instanceof FileError ||
    error instanceof NeedsMemory ||
    error instanceof NotReadError ||
    (error instanceof Error && error.constructor === Error);
  if (!expected) throw error;
}

const headerCase = (kind: ImageKind): FuzzCase => ({
  name: `header-${kind.toLowerCase()}`,
  readers: [
    "images/read-header.ts readHeader",
    ...(kind === "GIF" ? ["images/decode-gif.ts readGifSize"] : []),
    ...(kind === "BMP" ? ["images/decode-bmp.ts readBmpSize"] : []),
    ...(kind === "JPEG" ? ["images/sniff-image.ts sniffImage"] : []),
  ],
  form: "bytes",
  share: 40,
  headerBytes: 200,
  corpus: files[kind],
  run: (input) => {
    sniffImage(input);
    try {
      readHeader(input, { kind, where: "an image" });
    } catch (error) {
      refuseFaults(error);
    }
  },
});

/** 4 Mi pixels: our own decoders run here, where nothing else bounds them. */
const fewPixels = 2 ** 24;

const ownCase = (kind: "GIF" | "BMP"): FuzzCase => ({
  name: `decode-${kind.toLowerCase()}`,
  readers: [
    `images/decode-bytes.ts decodeBytes`,
    kind === "GIF" ? "images/decode-gif.ts decodeGif" : "images/decode-bmp.ts decodeBmp",
  ],
  form: "bytes",
  share: 12,
  headerBytes: 120,
  corpus: files[kind],
  run: async (input) => {
    if (sniffImage(input) !== kind) return;
    await decodeBytes(input, { where: "an image", maxDecodedBytes: fewPixels }).catch((error: unknown) => {
      if (!(error instanceof NeedsMemory)) throw error;
    });
  },
});

let pool: ImagePool | undefined;
const steps = [["resize", { size: [8, 8], filter: "bicubic" }]] as const;

/** One process, as it is for users; whatever ends it is told apart from a file that is only damaged. */
async function decodeInProcess(bytes: Uint8Array): Promise<void> {
  if (pool === undefined || pool.ended) pool = new ImagePool(1);
  const source = { type: "bytes", bytes } as const;
  const tasks = [
    { type: "facts", source, where: "an image" },
    { type: "load", source, steps, where: "an image" },
  ] as const;
  for (const task of tasks)
    await pool.run(task).catch((error: unknown) => {
      if (!(error instanceof FileError) || error.cause instanceof EngineError)
        throw new Error("a file ended the process that reads it", { cause: error });
    });
}

export const imageCases: readonly FuzzCase[] = [
  ...kinds.map(headerCase),
  ownCase("GIF"),
  ownCase("BMP"),
  {
    name: "image-kind",
    readers: ["images/sniff-image.ts sniffImage"],
    form: "bytes",
    share: 60,
    headerBytes: 64,
    corpus: async () => (await Promise.all(kinds.map((kind) => files[kind]()))).flat(),
    run: (input) => void sniffImage(input),
  },
  ...kinds.map(
    (kind): FuzzCase => ({
      name: `process-${kind.toLowerCase()}`,
      readers: [],
      inImageProcess: [
        "images/decode-bytes.ts readFacts",
        "images/decode-bytes.ts decodeBytes",
        ...(kind === "HEIC" ? ["images/decode-heic.ts decodeHeic"] : []),
      ],
      form: "bytes",
      share: kind === "HEIC" || kind === "AVIF" ? 0.15 : 0.4,
      headerBytes: 1000,
      corpus: files[kind],
      run: decodeInProcess,
      close: async () => {
        await pool?.close();
        pool = undefined;
      },
    }),
  ),
  {
    name: "image-file",
    readers: [
      "images/decode.ts decodeImage",
      "images/decode.ts readFileFacts",
      "images/image-facts.ts readImageFacts",
      "images/image-source.ts readImageFile",
      "images/image-store.ts openImageStore",
      "datasets/look-at-images.ts lookAtImages",
    ],
    form: "bytes",
    share: 0.03,
    corpus: files.PNG,
    run: async (input, { write }) => {
      const path = write("input.png", input);
      await readImageFile(path);
      await readImageFacts(path);
      const examples = [{ path, label: 0 }];
      await lookAtImages({ splits: { train: examples, val: [], test: [] } });
      await readFileFacts(path).catch(refuseFaults);
      await decodeImage(path).catch(refuseFaults);
      store ??= openImageStore({ threads: 1 });
      await store.load(path, steps);
    },
    close: async () => {
      await store?.close();
      store = undefined;
    },
  },
  {
    name: "image-source",
    readers: ["images/image-source.ts readSource"],
    form: "json",
    share: 20,
    corpus: async () =>
      [
        { width: 2, height: 1, data: [1, 2, 3, 4, 5, 6] },
        { width: 1, height: 1, pixels: [1, 2, 3] },
        { width: 1, height: 1, data: [1, 2, 3, 4] },
        { url: "file:///a/photo.jpg" },
        { url: "https://example.org/photo.jpg" },
        { url: "file://host/photo.jpg" },
        { path: "photo.jpg" },
      ].map((value) => JSON.stringify(value)),
    run: async (input) => {
      const source = sourceOf(parseJson(decode(input), "a source"));
      if (source !== undefined) await readSource(source);
    },
  },
];

let store: ReturnType<typeof openImageStore> | undefined;

/** What a caller without types may give; JSON has no bytes and no URLs, so lists and one key stand for them. */
function sourceOf(value: unknown): ImageSource | undefined {
  if (value === null || typeof value !== "object") return value as ImageSource;
  const { url, path, data, pixels } = value as Record<string, unknown>;
  if (typeof url === "string") return URL.canParse(url) ? new URL(url) : undefined;
  if (typeof path === "string") return path;
  const bytes = (list: unknown) =>
    Array.isArray(list) && list.every((value) => typeof value === "number") ? Uint8Array.from(list) : list;
  return {
    ...value,
    ...(data !== undefined && { data: bytes(data) }),
    ...(pixels !== undefined && { pixels: bytes(pixels) }),
  } as ImageSource;
}
