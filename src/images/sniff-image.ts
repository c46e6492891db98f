/** What a file is, by its first bytes; names and endings lie. */

/** Kinds that are decoded. */
const READABLE = ["JPEG", "PNG", "WebP", "GIF", "AVIF"] as const;
export type ImageKind = (typeof READABLE)[number];

/** Enough for every signature here, and for the brands of an ISO media file. */
const SNIFFED_BYTES = 64;

const text = (bytes: Uint8Array, from: number, to: number): string =>
  String.fromCharCode(...bytes.subarray(from, Math.min(to, bytes.length)));

const SIGNATURES: readonly (readonly [kind: string, at: number, bytes: string])[] = [
  ["JPEG", 0, "\xff\xd8\xff"],
  ["PNG", 0, "\x89PNG\r\n\x1a\n"],
  ["GIF", 0, "GIF87a"],
  ["GIF", 0, "GIF89a"],
  ["WebP", 8, "WEBP"],
  ["TIFF", 0, "II*\0"],
  ["TIFF", 0, "MM\0*"],
  ["BMP", 0, "BM"],
  ["JPEG XL", 0, "\xff\x0a"],
  ["JPEG XL", 4, "JXL \r\n"],
  ["JPEG 2000", 4, "jP  \r\n"],
  ["Photoshop", 0, "8BPS"],
  ["PDF", 0, "%PDF"],
  ["ZIP", 0, "PK\x03\x04"],
  ["gzip", 0, "\x1f\x8b"],
  ["Git LFS pointer", 0, "version https://git-lfs"],
];

/** HEIC and AVIF share a container; the brands in its `ftyp` box tell them apart. */
function isoMediaKind(bytes: Uint8Array): string {
  const brands = text(bytes, 8, SNIFFED_BYTES);
  if (/avi[fs]/.test(brands)) return "AVIF";
  return /hei[cxms]|hev[cxms]|mif1|msf1/.test(brands) ? "HEIC" : "video";
}

/** The kind of file: an `ImageKind`, another known kind, `text`, `empty` or undefined. */
export function sniffImage(bytes: Uint8Array): string | undefined {
  if (bytes.length === 0) return "empty";
  const head = text(bytes, 0, SNIFFED_BYTES);
  const known = SIGNATURES.find(([, at, signature]) => head.startsWith(signature, at));
  if (known !== undefined) return known[0];
  if (head.startsWith("ftyp", 4)) return isoMediaKind(bytes);
  if (/^(\xef\xbb\xbf)?\s*<(\?xml|svg|!DOCTYPE svg)/i.test(head)) return "SVG";
  return /^[\t\n\r\x20-\x7e\x80-\xff]+$/.test(head) ? "text" : undefined;
}

export const isReadable = (kind: string | undefined): kind is ImageKind =>
  READABLE.some((readable) => readable === kind);
