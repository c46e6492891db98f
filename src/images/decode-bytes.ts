/** Bytes of an image file to 8-bit RGB pixels, equal to Pillow's `convert("RGB")`, upright by EXIF. Runs in a process of its own. */

import sharp, { type Metadata, type Sharp } from "sharp";
import { FileError } from "../errors.ts";
import type { Image } from "../preprocessing/image.ts";
import { NotReadError } from "./byte-reader.ts";
import { decodeBmp } from "./decode-bmp.ts";
import { decodeGif } from "./decode-gif.ts";
import { decodeHeic } from "./decode-heic.ts";
import { readableNames } from "./image-extensions.ts";
import { type ImageHeader, readHeader } from "./read-header.ts";
import { type ImageKind, isReadable, sniffImage } from "./sniff-image.ts";

/** Format and size from an image file's header. */
export interface ImageFacts {
  readonly kind: string;
  /** In pixels, upright. */
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** Advice for other kinds of files. */
const advice: Readonly<Record<string, string>> = {
  empty: "is empty (0 bytes). Replace it or remove it.",
  text: "is text, not an image. Replace it or remove it.",
  "Git LFS pointer": "is a Git LFS pointer, not the image itself. Run git lfs pull.",
};

function refuse(where: string, kind: string | undefined): never {
  const known = kind === undefined ? undefined : advice[kind];
  if (known !== undefined) throw new FileError(`${where} ${known}`);
  const but = kind === undefined ? "" : ` but ${kind}`;
  throw new FileError(`${where} is not a ${readableNames} image${but}. Convert it or remove it.`);
}

/**
 * Sets up libvips for decoding untrusted files. It affects the whole process, so it is never called in
 * the user's own. Whatever a file claims to be, no other decoder than these runs on it.
 */
export function restrictDecoders(): void {
  sharp.block({ operation: ["VipsForeignLoad"] });
  const allowed = ["Jpeg", "Png", "Webp", "Heif", "Tiff"];
  sharp.unblock({ operation: allowed.map((name) => `VipsForeignLoad${name}Buffer`) });
  // Several images are decoded side by side, so threads inside one decoder would only get in each other's way;
  // and each image is decoded once, so a cache of operations would only hold memory.
  sharp.concurrency(1);
  sharp.cache(false);
}

/** The names by which sharp knows them. */
const formats: Readonly<Record<Exclude<ImageKind, "GIF" | "BMP" | "HEIC">, string>> = {
  JPEG: "jpeg",
  PNG: "png",
  WebP: "webp",
  AVIF: "heif",
  TIFF: "tiff",
};

/** Pillow's CMYK to RGB: no colour profile, (255 - ink) · (255 - black) / 255 rounded in whole numbers. */
function fromCmyk(inks: Uint8Array): Uint8Array<ArrayBuffer> {
  const pixels = new Uint8Array((inks.length / 4) * 3);
  for (let from = 0, to = 0; from < inks.length; from += 4) {
    const light = 255 - (inks[from + 3] as number);
    for (let ink = 0; ink < 3; ink++) {
      const product = (inks[from + ink] as number) * light + 128;
      pixels[to++] = light - (((product >> 8) + product) >> 8);
    }
  }
  return pixels;
}

/** Pillow's 16-bit grey to RGB: what is above 255 is 255, so that 8 bits kept in 16 stay what they are. */
function fromGrey16(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const greys = new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2);
  const pixels = new Uint8Array(greys.length * 3);
  let to = 0;
  for (const grey of greys) {
    const byte = Math.min(grey, 255);
    pixels[to++] = byte;
    pixels[to++] = byte;
    pixels[to++] = byte;
  }
  return pixels;
}

/** Alpha is dropped, not blended; colour profiles are ignored; of 16-bit colours the high byte stays; of frames the first. */
async function decodePixels(bytes: Uint8Array, kind: keyof typeof formats): Promise<Image> {
  const image = sharp(bytes, {
    failOn: "error",
    autoOrient: true,
    ignoreIcc: true,
    limitInputPixels: false, // readHeader has a limit
  });
  const metadata = await image.metadata();
  if (metadata.format !== formats[kind]) throw new Error(`its decoder takes it for ${metadata.format}`);
  const { data, info, toRgb } = await rawPixels(image, metadata);
  const { width, height } = info;
  const pixels = toRgb ? toRgb(data) : new Uint8Array(data); // copied: the buffer belongs to the decoder's pool
  if (pixels.length !== width * height * 3) throw new Error(`${info.channels} of 3 channels`);
  return { width, height, pixels };
}

async function rawPixels(image: Sharp, { space, channels, depth }: Metadata) {
  if (space === "cmyk") {
    const inks = image.pipelineColourspace("cmyk").toColourspace("cmyk").raw({ depth: "uchar" });
    return { ...(await inks.toBuffer({ resolveWithObject: true })), toRgb: fromCmyk };
  }
  if (channels === 1 && depth === "ushort") {
    const greys = image.pipelineColourspace("grey16").toColourspace("grey16").raw({ depth: "ushort" });
    return { ...(await greys.toBuffer({ resolveWithObject: true })), toRgb: fromGrey16 };
  }
  const colours = image.removeAlpha().toColourspace("srgb").raw({ depth: "uchar" });
  return { ...(await colours.toBuffer({ resolveWithObject: true })), toRgb: undefined };
}

/** The decoder's message, without its name and the kind of check. */
const tidy = (error: unknown): string => {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split("\n")[0] ?? "")
    .replace(/^(Input buffer |has |corrupt header: |Vips\w+: )+/, "")
    .trim();
};

/** Runs `work` with the kind and the header of a file; any problem with the file is a `FileError`. */
async function withHeader<T>(
  bytes: Uint8Array,
  where: string,
  work: (kind: ImageKind, header: ImageHeader) => T | Promise<T>,
): Promise<T> {
  const kind = sniffImage(bytes);
  if (!isReadable(kind)) return refuse(where, kind);
  try {
    return await work(kind, readHeader(bytes, { kind, where }));
  } catch (cause) {
    if (cause instanceof FileError || cause instanceof NeedsMemory) throw cause;
    if (cause instanceof NotReadError)
      throw new FileError(
        `${where}: a ${kind} file of this kind is not read (${cause.message}). Convert it or remove it.`,
        { cause },
      );
    throw new FileError(
      `${where}: this ${kind} file is damaged or cut short (${tidy(cause)}). Replace it or remove it.`,
      { cause },
    );
  }
}

/** More memory is needed than `decodeBytes` may use. */
export class NeedsMemory extends Error {}

/** Decodes the bytes of a file that `where` names in messages. */
export const decodeBytes = (
  bytes: Uint8Array,
  { where, maxDecodedBytes }: { readonly where: string; readonly maxDecodedBytes: number },
): Promise<Image> =>
  withHeader(bytes, where, (kind, header) => {
    if (header.decodedBytes > maxDecodedBytes) throw new NeedsMemory();
    if (kind === "GIF") return decodeGif(bytes);
    if (kind === "BMP") return decodeBmp(bytes);
    if (kind === "HEIC") return decodeHeic(bytes, { where });
    return decodePixels(header.bytes, kind);
  });

/** Reads the header of an image's bytes; the pixels are not decoded. */
export const readFacts = (bytes: Uint8Array, where: string): Promise<ImageFacts> =>
  withHeader(bytes, where, async (kind, header) => {
    if (kind === "GIF" || kind === "BMP" || kind === "HEIC")
      return { kind, width: header.width, height: header.height, channels: 3 };
    const { autoOrient, channels } = await sharp(header.bytes, { limitInputPixels: false }).metadata();
    return { kind, ...autoOrient, channels };
  });
