/** BMP files as Pillow shows them: 1 to 32 bits, with or without run lengths; alpha is dropped. */

import type { Image } from "../preprocessing/image.ts";
import { ByteReader, NotReadError } from "./byte-reader.ts";

interface Header {
  readonly width: number;
  readonly height: number;
  /** Rows from the bottom up, as nearly always. */
  readonly upward: boolean;
  readonly bits: number;
  readonly compression: number;
  /** Bytes of an entry of the palette, 3 in files of OS/2. */
  readonly paletteEntry: 3 | 4;
  readonly colours: number;
  /** Where the pixels begin. */
  readonly start: number;
  /** Where the palette, or the colour masks of a 40-byte header, begin. */
  readonly tables: number;
  /** Red, green and blue within a pixel of 16 or 32 bits. */
  readonly masks: readonly number[];
}

const [PLAIN, RLE8, RLE4, MASKED] = [0, 1, 2, 3];
const masks16 = [0x7c00, 0x3e0, 0x1f];
const masks32 = [0xff0000, 0xff00, 0xff];

export function readBmpSize(bytes: Uint8Array): { readonly width: number; readonly height: number } {
  const { width, height } = readHeader(bytes);
  return { width, height };
}

export function decodeBmp(bytes: Uint8Array): Image {
  const header = readHeader(bytes);
  const { width, height, bits } = header;
  const row = bits <= 8 ? paletteRow(bytes, header) : directRow(bytes, header);
  const pixels = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const target = header.upward ? height - 1 - y : y;
    row(y, pixels.subarray(target * width * 3, (target + 1) * width * 3));
  }
  return { width, height, pixels };
}

function readHeader(bytes: Uint8Array): Header {
  const reader = new ByteReader(bytes, 10);
  const start = reader.u32();
  const size = reader.u32();
  const old = size === 12;
  const width = old ? reader.u16() : reader.i32();
  const signedHeight = old ? reader.u16() : reader.i32();
  reader.skip(2); // planes, always 1
  const bits = reader.u16();
  const compression = old ? PLAIN : reader.u32();
  if (!old) reader.skip(12); // bytes of pixels, which may be 0; pixels per metre
  const used = old ? 0 : reader.u32();
  const tables = 14 + size;
  if (width < 1 || signedHeight === 0) throw new Error("no pixels");
  if (![1, 4, 8, 16, 24, 32].includes(bits)) throw new NotReadError(`${bits} bits per pixel`);
  const fits =
    compression === PLAIN ||
    (compression === RLE8 && bits === 8) ||
    (compression === RLE4 && bits === 4) ||
    (compression === MASKED && (bits === 16 || bits === 32));
  if (!fits) throw new NotReadError(`compression ${compression} of ${bits} bits`);
  const given = new ByteReader(bytes, 54);
  return {
    width,
    height: Math.abs(signedHeight),
    upward: signedHeight > 0,
    bits,
    compression,
    paletteEntry: old ? 3 : 4,
    colours: used === 0 ? 2 ** bits : Math.min(used, 256),
    start,
    tables,
    masks: compression === MASKED ? [given.u32(), given.u32(), given.u32()] : bits === 16 ? masks16 : masks32,
  };
}

type RowReader = (y: number, target: Uint8Array) => void;

const rowBytes = ({ width, bits }: Header): number => Math.ceil((width * bits) / 32) * 4;

/** One row of pixels as it lies in the file; the last may lack its filling to four bytes. */
function rowAt(bytes: Uint8Array, header: Header, y: number): Uint8Array {
  const needed = Math.ceil((header.width * header.bits) / 8);
  return new ByteReader(bytes, header.start + y * rowBytes(header)).take(needed);
}

function paletteRow(bytes: Uint8Array, header: Header): RowReader {
  const { width, bits, compression } = header;
  const colours = palette(bytes, header);
  const indices = compression === PLAIN ? undefined : expandRuns(bytes, header);
  const perByte = 8 / bits;
  return (y, target) => {
    const row = indices?.subarray(y * width, (y + 1) * width) ?? rowAt(bytes, header, y);
    for (let x = 0, to = 0; x < width; x++) {
      let index = indices ? (row[x] as number) : (row[Math.floor(x / perByte)] as number);
      if (!indices) index = (index >> (8 - bits - (x % perByte) * bits)) & (2 ** bits - 1);
      for (let channel = 0; channel < 3; channel++) target[to++] = colours[index * 3 + channel] as number;
    }
  };
}

/** [256, 3]; colours that the palette leaves out are black. */
function palette(bytes: Uint8Array, { colours, paletteEntry, tables }: Header): Uint8Array {
  const reader = new ByteReader(bytes, tables);
  const table = new Uint8Array(256 * 3);
  for (let colour = 0; colour < colours; colour++) {
    const [blue, green, red] = [reader.u8(), reader.u8(), reader.u8()];
    reader.skip(paletteEntry - 3);
    table.set([red, green, blue], colour * 3);
  }
  return table;
}

/** Run lengths to one index per pixel, bottom row first; places jumped over are index 0. */
function expandRuns(bytes: Uint8Array, { width, height, bits, start }: Header): Uint8Array {
  const reader = new ByteReader(bytes, start);
  const out = new Uint8Array(width * height);
  let at = 0;
  let x = 0;
  const put = (value: number) => {
    if (x < width && at < out.length) out[at++] = value;
    x++;
  };
  const nibble = (byte: number, index: number) => (index % 2 === 0 ? byte >> 4 : byte & 15);
  while (at < out.length) {
    const [count, value] = [reader.u8(), reader.u8()];
    if (count > 0) for (let index = 0; index < count; index++) put(bits === 8 ? value : nibble(value, index));
    else if (value === 0) {
      at = Math.ceil(at / width) * width;
      x = 0;
    } else if (value === 1) throw new Error("premature end of its pixels");
    else if (value === 2) {
      at += reader.u8() + reader.u8() * width;
      x = at % width;
    } else {
      const run = reader.take(Math.ceil((value * bits) / 8));
      for (let index = 0; index < value; index++)
        put(bits === 8 ? (run[index] as number) : nibble(run[index >> 1] as number, index));
      if (run.length % 2 === 1) reader.skip(1); // runs are filled to two bytes
    }
  }
  return out;
}

/** 16 and 32 bits by their masks, 24 as blue, green, red. */
function directRow(bytes: Uint8Array, header: Header): RowReader {
  const { width, bits } = header;
  if (bits === 24)
    return (y, target) => {
      const row = rowAt(bytes, header, y);
      for (let at = 0; at < target.length; at += 3) {
        target[at] = row[at + 2] as number;
        target[at + 1] = row[at + 1] as number;
        target[at + 2] = row[at] as number;
      }
    };
  const channels = header.masks.map((mask) => {
    const shift = mask === 0 ? 0 : 31 - Math.clz32(mask & -mask);
    return { shift, highest: Math.max(1, mask >>> shift) };
  });
  const size = bits / 8;
  return (y, target) => {
    const row = rowAt(bytes, header, y);
    const view = new DataView(row.buffer, row.byteOffset, row.byteLength);
    let to = 0;
    for (let x = 0; x < width; x++) {
      const pixel = size === 2 ? view.getUint16(x * 2, true) : view.getUint32(x * 4, true);
      for (const { shift, highest } of channels)
        target[to++] = Math.floor((((pixel >>> shift) & highest) * 255) / highest);
    }
  };
}
