/** Image files to 8-bit RGB pixels, equal to Pillow's `convert("RGB")`, turned upright by EXIF. */

import { open, stat } from "node:fs/promises";
import sharp, { type Sharp } from "sharp";
import { FileError } from "../errors.ts";
import { readFailure } from "../files/file-problem.ts";
import { type Image, renderImageSize } from "../preprocessing/image.ts";
import { type ImageKind, isReadable, sniffImage } from "./sniff-image.ts";

/** 128 Mi pixels, 384 MiB as RGB: above any camera's (the largest give 102 million), and several fit in memory at once. */
const MAX_PIXELS = 2 ** 27;
/** A PNG of that many pixels that did not compress at all would be larger, but no real image comes near. */
const MAX_FILE_BYTES = 256 * 2 ** 20;

// Several images are decoded side by side, so threads inside one decoder would only get in each other's way;
// and each image is decoded once, so a cache of operations would only hold memory.
sharp.concurrency(1);
sharp.cache(false);

/** What to do about other kinds, where there is something to say. */
const advice: Readonly<Record<string, string>> = {
  empty: "is empty (0 bytes). Replace it or remove it.",
  text: "is text, not an image. Replace it or remove it.",
  "Git LFS pointer": "is a Git LFS pointer, not the image itself. Run git lfs pull.",
};

function refuse(where: string, kind: string | undefined): never {
  const known = kind === undefined ? undefined : advice[kind];
  if (known !== undefined) throw new FileError(`${where} ${known}`);
  const but = kind === undefined ? "" : ` but ${kind}`;
  throw new FileError(`${where} is not a JPEG, PNG, WebP, GIF or AVIF image${but}. Convert it or remove it.`);
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    // Asked before opening: opening a pipe would wait for a writer.
    const found = await stat(path);
    if (!found.isFile()) throw new FileError(`${path} is not a file. Remove it from the data.`);
    const limit = MAX_FILE_BYTES / 2 ** 20;
    if (found.size > MAX_FILE_BYTES)
      throw new FileError(
        `${path} has ${found.size} bytes; at most ${limit} MiB are allowed for an image. Make it smaller or remove it.`,
      );
    const file = await open(path);
    try {
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof FileError) throw cause;
    throw readFailure(path, cause);
  }
}

/** Pillow's CMYK to RGB: no colour profile, (255 - ink) · (255 - black) / 255 rounded in whole numbers. */
function fromCmyk(inks: Uint8Array): Uint8Array<ArrayBuffer> {
  const pixels = new Uint8Array((inks.length / 4) * 3);
  for (let from = 0, to = 0; from < inks.length; from += 4) {
    const light = 255 - (inks[from + 3] ?? 0);
    for (let ink = 0; ink < 3; ink++) {
      const product = (inks[from + ink] ?? 0) * light + 128;
      pixels[to++] = light - (((product >> 8) + product) >> 8);
    }
  }
  return pixels;
}

/** Alpha is dropped, not blended; colour profiles are ignored; of 16 bits the high byte stays; of frames the first. */
async function decodePixels(image: Sharp): Promise<Image> {
  const metadata = await image.metadata();
  const cmyk = metadata.space === "cmyk";
  const chosen = cmyk
    ? image.pipelineColourspace("cmyk").toColourspace("cmyk")
    : image.removeAlpha().toColourspace("srgb");
  const { data, info } = await chosen.raw({ depth: "uchar" }).toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const pixels = cmyk ? fromCmyk(data) : new Uint8Array(data); // copied: the buffer belongs to the decoder's pool
  if (pixels.length !== width * height * 3)
    throw new Error(`${info.channels} channels where 3 were expected`);
  return { width, height, pixels };
}

/** The decoder's own words, less its name and what kind of check it was. */
const tidy = (error: unknown): string => {
  const message = error instanceof Error ? error.message : String(error);
  return (message.split("\n")[0] ?? "")
    .replace(/^(Input buffer |has |corrupt header: |Vips\w+: )+/, "")
    .trim();
};

async function checkPixelCount(bytes: Uint8Array, where: string): Promise<void> {
  const { width = 0, height = 0 } = await sharp(bytes, { limitInputPixels: false }).metadata();
  if (width * height > MAX_PIXELS)
    throw new FileError(
      `${where} says it is ${renderImageSize({ width, height })}; at most ${MAX_PIXELS} pixels are allowed. Make it smaller or remove it.`,
    );
}

/** Decodes a file, or bytes that `where` names in messages. Whatever is wrong with them is a `FileError`. */
export async function decodeImage(
  source: string | Uint8Array,
  { where = typeof source === "string" ? source : "The image" }: { readonly where?: string } = {},
): Promise<Image> {
  const bytes = typeof source === "string" ? await readBytes(source) : source;
  const kind = sniffImage(bytes);
  if (!isReadable(kind)) return refuse(where, kind);
  try {
    await checkPixelCount(bytes, where);
    return await decodePixels(
      sharp(bytes, { failOn: "error", autoOrient: true, ignoreIcc: true, limitInputPixels: MAX_PIXELS }),
    );
  } catch (cause) {
    if (cause instanceof FileError) throw cause;
    throw damaged(where, kind, cause);
  }
}

const damaged = (where: string, kind: ImageKind, cause: unknown): FileError =>
  new FileError(
    `${where}: this ${kind} file is damaged or cut short (${tidy(cause)}). Replace it or remove it.`,
    {
      cause,
    },
  );
