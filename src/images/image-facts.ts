/** What an image file says of itself, without decoding its pixels. */

import { readFile, stat } from "node:fs/promises";
import sharp from "sharp";
import { isReadable, sniffImage } from "./sniff-image.ts";

export interface ImageFacts {
  readonly kind: string;
  /** In pixels, upright. */
  readonly width: number;
  readonly height: number;
  readonly channels: number;
}

/** Some decoders want all of a file to tell its size; photographs are below this. */
const maxBytes = 64 * 2 ** 20;

/** Reads the header of the image at `path`; `undefined` where it is none that can be used. */
export async function readImageFacts(path: string): Promise<ImageFacts | undefined> {
  const bytes = await readSmall(path).catch(() => undefined);
  const kind = bytes && sniffImage(bytes);
  if (bytes === undefined || !isReadable(kind)) return undefined;
  try {
    const { autoOrient, channels } = await sharp(bytes, { limitInputPixels: false }).metadata();
    return { kind, ...autoOrient, channels };
  } catch {
    return undefined;
  }
}

/** Asked before opening: opening a pipe would wait for a writer. */
async function readSmall(path: string): Promise<Uint8Array> {
  const found = await stat(path);
  return found.isFile() && found.size <= maxBytes ? readFile(path) : new Uint8Array();
}
