/** Checks a file before a decoder sees it: its size, and that decoding will not take forever. */

import { FileError } from "../errors.ts";
import { limits } from "../limits.ts";
import { renderImageSize } from "../preprocessing/image.ts";
import { ByteReader, NotReadError } from "./byte-reader.ts";
import { readBmpSize } from "./decode-bmp.ts";
import { readGifSize } from "./decode-gif.ts";
import type { ImageKind } from "./sniff-image.ts";

const MAX_PIXELS = limits.MAX_PIXELS.value;
/** By the estimates below. */
const MAX_DECODED_BYTES = limits.MAX_DECODED_BYTES.value;
const MAX_SCANS = limits.MAX_SCANS.value;
const MAX_PNG_CHUNKS = limits.MAX_PNG_CHUNKS.value;
const MAX_BOX_DEPTH = limits.MAX_BOX_DEPTH.value;
const MAX_PNG_TEXT = limits.MAX_PNG_TEXT.value;

export interface ImageHeader {
  /** As stored; 0 × 0 where only the decoder can tell, as for AVIF without sizes. */
  readonly width: number;
  readonly height: number;
  /** An estimate of the memory that decoding takes. */
  readonly decodedBytes: number;
  /** The file without needless parts: of a PNG, the chunks that do not make pixels. */
  readonly bytes: Uint8Array;
}

interface Found {
  readonly width: number;
  readonly height: number;
  /** Memory for each pixel; by measurement, rounded up. */
  readonly bytesPerPixel: number;
  readonly bytes?: Uint8Array;
}

const readers: Readonly<Record<ImageKind, (bytes: Uint8Array) => Found>> = {
  JPEG: readJpeg,
  PNG: readPng,
  WebP: readWebp,
  GIF: (bytes) => ({ ...readGifSize(bytes), bytesPerPixel: 4 }),
  AVIF: readIsoMedia,
  HEIC: readHeic,
  TIFF: readTiff,
  BMP: (bytes) => ({ ...readBmpSize(bytes), bytesPerPixel: 4 }),
};

/** Reads the header of a file of this kind. A file that is damaged is an `Error`, one that is too large a `FileError`. */
export function readHeader(
  bytes: Uint8Array,
  { kind, where }: { readonly kind: ImageKind; readonly where: string },
): ImageHeader {
  const { width, height, bytesPerPixel, bytes: kept = bytes } = readers[kind](bytes);
  const limit = Math.min(MAX_PIXELS, Math.floor(MAX_DECODED_BYTES / bytesPerPixel));
  if (width * height > limit)
    throw new FileError(
      `${where} says it is ${renderImageSize({ width, height })}; at most ${limit} pixels are allowed. Make it smaller or remove it.`,
    );
  return { width, height, decodedBytes: width * height * bytesPerPixel, bytes: kept };
}

/** Markers that carry a frame's size: SOF0 to SOF15, less the three that are no frames (DHT, JPG, DAC). */
const isFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);

function readJpeg(bytes: Uint8Array): Found {
  const reader = new ByteReader(bytes, 2, { little: false });
  let size = { width: 0, height: 0 };
  let progressive = false;
  for (let scans = 0; reader.left > 1; ) {
    const start = bytes.indexOf(0xff, reader.at);
    if (start === -1 || start + 1 >= bytes.length) break;
    reader.at = start + 1;
    const marker = reader.u8();
    if (marker === 0xff) reader.at--;
    // 0: a byte of 255 in the pixels; D0 to D8: markers without content.
    if (marker === 0 || marker === 0xff || marker === 1 || (marker >= 0xd0 && marker <= 0xd8)) continue;
    if (marker === 0xd9) break;
    const end = reader.at + reader.u16();
    if (isFrame(marker)) {
      reader.skip(1); // bits per sample
      const height = reader.u16();
      size = { height, width: reader.u16() };
      progressive = marker === 0xc2;
    }
    if (marker === 0xda && ++scans > MAX_SCANS)
      throw new NotReadError(`more than ${MAX_SCANS} scans, each a pass over the whole image`);
    reader.at = Math.min(Math.max(end, reader.at), bytes.length);
  }
  return { ...size, bytesPerPixel: progressive ? 12 : 6 };
}

const isPngPart = (type: string): boolean => /^(IHDR|PLTE|tRNS|IDAT|IEND|eXIf)$/.test(type);

/** Text chunks in which ImageMagick keeps EXIF. */
const isPngExif = (type: string, head: string): boolean =>
  /^[tz]TXt$/.test(type) && head.startsWith("Raw profile type ");

function readPng(bytes: Uint8Array): Found {
  const reader = new ByteReader(bytes, 8, { little: false });
  const parts: Uint8Array[] = [bytes.subarray(0, 8)];
  let found = { width: 0, height: 0, depth: 8, interlaced: false };
  let text = 0;
  for (let chunks = 0; reader.left >= 8; ) {
    if (++chunks > MAX_PNG_CHUNKS) throw new NotReadError(`more than ${MAX_PNG_CHUNKS} chunks`);
    const start = reader.at;
    const length = reader.u32();
    const type = reader.text(4);
    const end = Math.min(start + 12 + length, bytes.length); // length, type, content, checksum
    if (type === "IHDR") {
      found = { width: reader.u32(), height: reader.u32(), depth: reader.u8(), interlaced: false };
      reader.skip(3); // kind of colour, compression, filters
      found.interlaced = reader.u8() === 1;
    }
    const isExif =
      type === "eXIf" || isPngExif(type, String.fromCharCode(...bytes.subarray(start + 8, start + 25)));
    if (isExif) text += length;
    if ((isPngPart(type) || isExif) && (!isExif || text <= MAX_PNG_TEXT))
      parts.push(bytes.subarray(start, end));
    reader.at = end;
    if (type === "IEND") break;
  }
  const { width, height, depth, interlaced } = found;
  const bytesPerPixel = (depth === 16 ? 12 : 6) * (interlaced ? 2 : 1);
  return { width, height, bytesPerPixel, bytes: Buffer.concat(parts) };
}

function readWebp(bytes: Uint8Array): Found {
  const reader = new ByteReader(bytes, 12);
  const kind = reader.text(4);
  reader.skip(4);
  if (kind === "VP8X") {
    reader.skip(4); // flags
    const u24 = () => reader.u16() + reader.u8() * 2 ** 16;
    return { width: u24() + 1, height: u24() + 1, bytesPerPixel: 12 };
  }
  if (kind === "VP8L") {
    reader.skip(1); // signature
    const sides = reader.u32();
    return { width: (sides & 0x3fff) + 1, height: ((sides >>> 14) & 0x3fff) + 1, bytesPerPixel: 12 };
  }
  reader.skip(6); // frame tag and start code
  return { width: reader.u16() & 0x3fff, height: reader.u16() & 0x3fff, bytesPerPixel: 12 };
}

/** Boxes of an ISO media file between two places: four bytes of length, four of type. */
function* boxes(reader: ByteReader, end: number): Generator<{ readonly type: string; readonly end: number }> {
  while (reader.at + 8 <= end) {
    const start = reader.at;
    const length = reader.u32();
    const type = reader.text(4);
    const boxEnd = length === 0 ? end : Math.min(end, start + Math.max(8, length));
    yield { type, end: boxEnd };
    reader.at = boxEnd;
  }
}

/** The largest of the sizes that its properties give: images, tiles, alpha, thumbnails; upright. */
function readIsoMedia(bytes: Uint8Array): Found {
  const reader = new ByteReader(bytes, 0, { little: false });
  let largest = { width: 0, height: 0 };
  let quarterTurns = 0;
  const enter = (from: number, end: number, depth: number): void => {
    if (depth > MAX_BOX_DEPTH) throw new NotReadError(`boxes nested more than ${MAX_BOX_DEPTH} deep`);
    reader.at = from;
    for (const box of boxes(reader, end)) {
      if (box.type === "meta") enter(reader.at + 4, box.end, depth + 1);
      else if (box.type === "iprp" || box.type === "ipco") enter(reader.at, box.end, depth + 1);
      else if (box.type === "ispe") {
        reader.skip(4); // version and flags
        const size = { width: reader.u32(), height: reader.u32() };
        if (size.width * size.height > largest.width * largest.height) largest = size;
      } else if (box.type === "irot") quarterTurns = reader.u8() & 3;
    }
  };
  enter(0, bytes.length, 0);
  const { width, height } = largest;
  const upright = quarterTurns % 2 === 1 ? { width: height, height: width } : largest;
  return { ...upright, bytesPerPixel: 20 };
}

/** Its decoder runs without interruption, so what it will take must be known before. */
function readHeic(bytes: Uint8Array): Found {
  const found = readIsoMedia(bytes);
  if (found.width * found.height === 0) throw new Error("no size in its header");
  return found;
}

/** Types of a TIFF's numbers that the tags below have, and their bytes. */
const tiffSizes: Readonly<Record<number, 2 | 4>> = { 3: 2, 4: 4 };

/** The first number of each tag of the first directory. */
function readTiffTags(bytes: Uint8Array): ReadonlyMap<number, number> {
  const reader = new ByteReader(bytes, 4, { little: bytes[0] === 0x49 });
  reader.at = reader.u32();
  const tags = new Map<number, number>();
  for (let count = reader.u16(); count > 0; count--) {
    const [tag, type, values] = [reader.u16(), reader.u16(), reader.u32()];
    const next = reader.at + 4;
    const size = tiffSizes[type];
    if (size !== undefined) {
      if (size * values > 4) reader.at = reader.u32(); // too many to stand here
      tags.set(tag, size === 2 ? reader.u16() : reader.u32());
    }
    reader.at = next;
  }
  return tags;
}

const tiffCompressions = new Set([1, 2, 3, 4, 5, 7, 8, 32773, 32946]);
const JPEG_IN_TIFF = 7;
const [WHITE_IS_ZERO, INKS, YCBCR] = [0, 5, 6];

/** What of the many kinds of TIFF decodes as in Pillow: whole numbers of up to 16 bits as grey, RGB, palette or CMYK. */
function readTiff(bytes: Uint8Array): Found {
  const tags = readTiffTags(bytes);
  const tag = (number: number, fallback: number) => tags.get(number) ?? fallback;
  const [bits, compression, photometric, format] = [tag(258, 1), tag(259, 1), tag(262, 1), tag(339, 1)];
  if (format !== 1 || ![1, 2, 4, 8, 16].includes(bits))
    throw new NotReadError(`numbers that are not whole, or not of 1, 2, 4, 8 or 16 bits`);
  if (!tiffCompressions.has(compression)) throw new NotReadError(`compression ${compression}`);
  const isRead =
    photometric === YCBCR
      ? compression === JPEG_IN_TIFF
      : photometric >= WHITE_IS_ZERO && photometric <= INKS;
  const isDeep = bits === 16 && (photometric === WHITE_IS_ZERO || photometric === INKS);
  if (!isRead || isDeep || photometric === 4)
    throw new NotReadError(`colours of kind ${photometric} in ${bits} bits`);
  // A tile may be larger than the image that it is cut from.
  const [width, height] = [Math.max(tag(256, 0), tag(322, 0)), Math.max(tag(257, 0), tag(323, 0))];
  return { width, height, bytesPerPixel: 12 };
}
