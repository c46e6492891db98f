/** A small copy of a picture as a data URI, to stand inside a report. */

import sharp from "sharp";

/** Shown at about 150 CSS pixels; twice that would double a report of 24 pictures for little. */
const side = 160;
/** As when decoding for training: larger pictures are more likely attacks than photographs. */
const limitInputPixels = 16384 * 16384;

/** `data:image/jpeg;…`, or nothing where the file can not be read: a report must not fail for a picture. */
export async function makeThumbnail(path: string): Promise<string | undefined> {
  try {
    const bytes = await sharp(path, { limitInputPixels, pages: 1 })
      .autoOrient()
      .resize({ width: side, height: side, fit: "inside", withoutEnlargement: true })
      .flatten({ background: "#ffffff" })
      .jpeg({ quality: 78 })
      .toBuffer();
    return `data:image/jpeg;base64,${bytes.toString("base64")}`;
  } catch {
    return undefined;
  }
}
