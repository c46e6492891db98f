/** Which kind of image a file is, by its first bytes; names and extensions may be wrong. */

/** Kinds that are decoded, with their file extensions. */
export const readableKinds = {
  JPEG: ["jpg", "jpeg", "jpe", "jfif", "mpo"],
  PNG: ["png", "apng"],
  WebP: ["webp"],
  GIF: ["gif"],
  AVIF: ["avif"],
  HEIC: ["heic", "heif", "hif"],
  TIFF: ["tif", "tiff"],
  BMP: ["bmp", "dib"],
} as const;
export type ImageKind = keyof typeof readableKinds;

/** Enough for every signature here, and for the brands of an ISO media file. */
const SNIFFED_BYTES = 64;

const text = (bytes: Uint8Array, from: number, to: number): string =>
  String.fromCharCode(...bytes.subarray(from, Math.min(to, bytes.length)));

/**
 * Each is complete: bytes that match are what their decoder itself would take. `?` stands for any byte.
 * After `RIFF????WEBP`, a decoder also asks for one of three chunks; after `BM`, for a header of a known size.
 */
const signatures: readonly (readonly [kind: string, start: string])[] = [
  ["JPEG", "\xff\xd8\xff"],
  ["PNG", "\x89PNG\r\n\x1a\n"],
  ["GIF", "GIF87a"],
  ["GIF", "GIF89a"],
  ...["VP8 ", "VP8L", "VP8X"].map((chunk) => ["WebP", `RIFF????WEBP${chunk}`] as const),
  ["TIFF", "II*\0"],
  ["TIFF", "MM\0*"],
  ["BigTIFF", "II+\0"],
  ["BigTIFF", "MM\0+"],
  ...[12, 40, 52, 56, 64, 108, 124].map(
    (size) => ["BMP", `BM????????????${String.fromCharCode(size)}\0\0\0`] as const,
  ),
  ["JPEG XL", "\xff\x0a"],
  ["JPEG XL", "????JXL \r\n"],
  ["JPEG 2000", "????jP  \r\n"],
  ["Photoshop", "8BPS"],
  ["PDF", "%PDF"],
  ["ZIP", "PK\x03\x04"],
  ["gzip", "\x1f\x8b"],
  ["Git LFS pointer", "version https://git-lfs"],
];

const startsWith = (head: string, start: string): boolean =>
  head.length >= start.length && [...start].every((byte, at) => byte === "?" || byte === head[at]);

/** HEIC and AVIF share a container; the brands in its `ftyp` box tell them apart: first the major one, then any that it is compatible with. */
function isoMediaKind(bytes: Uint8Array): string {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  const major = text(bytes, 8, 12);
  const compatible = text(bytes, 16, Math.min(length, SNIFFED_BYTES)).match(/.{4}/gs) ?? []; // after the version
  if (major === "avis") return "AVIF sequence";
  if (/^(hev[cxms]|msf1)$/.test(major)) return "HEIC sequence";
  if (/^hei[cxms]$/.test(major)) return "HEIC";
  if (major === "avif" || compatible.some((brand) => /^avi[fs]$/.test(brand))) return "AVIF";
  return major === "mif1" ? "HEIC" : "video";
}

/** The kind of file: an `ImageKind`, another known kind, `text`, `empty` or undefined. */
export function sniffImage(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return "empty";
  const head = text(bytes, 0, SNIFFED_BYTES);
  const known = signatures.find(([, start]) => startsWith(head, start));
  if (known !== undefined) return known[0];
  if (head.startsWith("ftyp", 4)) return isoMediaKind(bytes);
  if (/^(\xef\xbb\xbf)?\s*<(\?xml|svg|!DOCTYPE svg)/i.test(head)) return "SVG";
  return /^[\t\n\r\x20-\x7e\x80-\xff]+$/.test(head) ? "text" : undefined;
}

export const isReadable = (kind: string | undefined): kind is ImageKind =>
  kind !== undefined && Object.hasOwn(readableKinds, kind);
