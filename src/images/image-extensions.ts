/** The kind of image that a file's extension stands for; `sniff-image.ts` lists the kinds that can be read. */

import { isReadable, readableKinds } from "./sniff-image.ts";

const KINDS: Readonly<Record<string, readonly string[]>> = {
  ...readableKinds,
  "JPEG XL": ["jxl"],
  "JPEG 2000": ["jp2", "j2k", "jpf", "jpx"],
  "camera raw": ["arw", "cr2", "cr3", "dng", "nef", "orf", "raf", "rw2"],
  Netpbm: ["pbm", "pgm", "ppm", "pnm"],
  DICOM: ["dcm"],
  NIfTI: ["nii"],
  NumPy: ["npy", "npz"],
  SVG: ["svg"],
  ICO: ["ico"],
  TGA: ["tga"],
  Photoshop: ["psd"],
  PDF: ["pdf"],
  video: ["avi", "mkv", "mov", "mp4", "webm"],
};

const kindOf = new Map(
  Object.entries(KINDS).flatMap(([kind, extensions]) =>
    extensions.map((extension) => [extension, kind] as const),
  ),
);

const names = Object.keys(readableKinds);

/** `JPEG, PNG or GIF`, for messages. */
export const readableNames = `${names.slice(0, -1).join(", ")} or ${names.at(-1)}`;

/** The kind of image that a file's extension stands for; undefined for other files. */
export function imageKind(name: string): string | undefined {
  const dot = name.lastIndexOf(".");
  return dot > 0 ? kindOf.get(name.slice(dot + 1).toLowerCase()) : undefined;
}

/** Whether a file has the extension of a readable image. */
export const isImageName = (name: string): boolean => isReadable(imageKind(name));
