/** A small copy of a picture as a data URI, to stand inside a report. */

import type sharp from "sharp";
import { FileError } from "../errors.ts";
import { decodeImage } from "../images/decode.ts";
import { requireDependency } from "../own-package.ts";
import { resize } from "../preprocessing/resize.ts";

/** Shown at about 150 CSS pixels; twice that would double a report of 24 pictures for little. */
const side = 160;

/** `data:image/jpeg;…`, as the model sees it, or nothing where it cannot be decoded: a report must not fail for a picture. */
export async function makeThumbnail(path: string): Promise<string | undefined> {
  try {
    const image = await decodeImage(path);
    const scale = Math.min(1, side / Math.max(image.width, image.height));
    const shrink = (length: number) => Math.max(1, Math.round(length * scale));
    const { width, height, pixels } = resize(image, {
      size: [shrink(image.height), shrink(image.width)],
      filter: "lanczos",
    });
    const encode = requireDependency<typeof sharp>("sharp");
    const bytes = await encode(pixels, { raw: { width, height, channels: 3 } })
      .jpeg({ quality: 78 })
      .toBuffer();
    return `data:image/jpeg;base64,${bytes.toString("base64")}`;
  } catch (error) {
    if (error instanceof FileError) return undefined;
    throw error;
  }
}
