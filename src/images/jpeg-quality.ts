/** The quality that a JPEG was saved with, as programs that use the standard's tables count it. */

/** ITU-T T.81, Table K.1: luminance, in the order of rows. */
const luminance = [
  16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22,
  29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103,
  121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99,
];

/** By which the numbers of a table follow each other in a file (T.81, Figure A.6). */
const zigzag = [
  0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7,
  14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46,
  53, 60, 61, 54, 47, 55, 62, 63,
];

/** libjpeg scales the standard's table so; Pillow, OpenCV and most others use libjpeg. */
function scaled(quality: number): readonly number[] {
  const percent = quality < 50 ? Math.floor(5000 / quality) : 200 - 2 * quality;
  return luminance.map((value) => Math.min(255, Math.max(1, Math.floor((value * percent + 50) / 100))));
}

/** From 1 to 100 by the first table in the file's `head`; undefined where it is no scaled table of the standard, or not there. */
export function jpegQuality(head: Uint8Array): number | undefined {
  const table = firstTable(head);
  if (!table) return undefined;
  const rows = new Uint8Array(64);
  for (const [at, place] of zigzag.entries()) rows[place] = table[at] as number;
  for (let quality = 100; quality >= 1; quality--)
    if (scaled(quality).every((value, at) => value === rows[at])) return quality;
  return undefined;
}

/** Of 8-bit numbers, in the order of the file. */
function firstTable(head: Uint8Array): Uint8Array | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  for (let at = 2; at + 4 < head.length && head[at] === 0xff; ) {
    const [marker, length] = [head[at + 1], view.getUint16(at + 2)];
    // Tables of quantisation; the byte before the numbers is their precision and their number.
    if (marker === 0xdb) return head[at + 4] === 0 ? whole(head.subarray(at + 5, at + 5 + 64)) : undefined;
    at += 2 + length;
  }
  return undefined;
}

const whole = (table: Uint8Array): Uint8Array | undefined => (table.length === 64 ? table : undefined);
