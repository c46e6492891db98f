/** Reads format and size of an image file without decoding its pixels. */

import { FileError } from "../errors.ts";
import { readFileFacts } from "./decode.ts";
import type { ImageFacts } from "./decode-bytes.ts";

export type { ImageFacts };

/** Reads the header of the image at `path`; `undefined` where it cannot be used. */
export async function readImageFacts(path: string): Promise<ImageFacts | undefined> {
  try {
    return await readFileFacts(path);
  } catch (error) {
    if (error instanceof FileError) return undefined;
    throw error;
  }
}
