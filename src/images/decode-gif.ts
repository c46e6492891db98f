/** The first frame of a GIF as Pillow shows it: palette colours also where transparent, the canvas filled beside it. */

import type { Image } from "../preprocessing/image.ts";
import { ByteReader } from "./byte-reader.ts";

/** What the header says: canvas, first frame and its colours. */
interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly interlaced: boolean;
  /** [colours, 3], or undefined where the file has no palette: indices are then greys. */
  readonly palette: Uint8Array | undefined;
  /** The palette index that means "nothing here". */
  readonly transparent: number | undefined;
}

/** The canvas; frames that reach beyond it enlarge it. */
export function readGifSize(bytes: Uint8Array): { readonly width: number; readonly height: number } {
  const { width, height } = readHeader(bytes);
  return { width, height };
}

export function decodeGif(bytes: Uint8Array): Image {
  const { width, height, frame, data } = readHeader(bytes);
  const indices = inflate(data, frame.width * frame.height);
  const colours = colourTable(frame.palette);
  const pixels = new Uint8Array(width * height * 3);
  const background = (frame.transparent ?? 0) * 3;
  for (let to = 0; to < pixels.length; to++) pixels[to] = colours[background + (to % 3)] as number;
  for (let row = 0; row < frame.height; row++) {
    const y = frame.interlaced ? interlacedRow(row, frame.height) : row;
    let to = ((frame.top + y) * width + frame.left) * 3;
    for (let from = row * frame.width; from < (row + 1) * frame.width; from++) {
      const colour = (indices[from] as number) * 3;
      pixels[to++] = colours[colour] as number;
      pixels[to++] = colours[colour + 1] as number;
      pixels[to++] = colours[colour + 2] as number;
    }
  }
  return { width, height, pixels };
}

/** Always 256 colours; those that the palette leaves out are black. */
function colourTable(palette: Uint8Array | undefined): Uint8Array {
  if (palette === undefined) return Uint8Array.from({ length: 768 }, (_, at) => Math.floor(at / 3));
  const colours = new Uint8Array(768);
  colours.set(palette);
  return colours;
}

/** Rows come in four passes: every 8th, every 8th from 4, every 4th from 2, every 2nd from 1. */
function interlacedRow(row: number, height: number): number {
  let before = 0;
  for (const [start, step] of [
    [0, 8],
    [4, 8],
    [2, 4],
    [1, 2],
  ] as const) {
    const rows = Math.max(0, Math.ceil((height - start) / step));
    if (row < before + rows) return start + (row - before) * step;
    before += rows;
  }
  throw new Error("a row beyond the last");
}

function readHeader(bytes: Uint8Array) {
  const reader = new ByteReader(bytes, 6);
  const canvas = { width: reader.u16(), height: reader.u16() };
  const flags = reader.u8();
  reader.skip(2); // background colour, which no viewer paints, and the pixels' aspect ratio
  const shared = flags & 0x80 ? reader.take(3 << ((flags & 7) + 1)) : undefined;
  let transparent: number | undefined;
  for (;;) {
    const block = reader.u8();
    if (block === 0x2c) break;
    if (block === 0x3b) throw new Error("no frame");
    if (block !== 0x21) throw new Error("an unknown block");
    const label = reader.u8();
    const content = readBlocks(reader, { limit: 255 });
    // A graphic control extension: flags, delay (2), transparent index.
    if (label === 0xf9 && content.length >= 4)
      transparent = (content[0] as number & 1) ? content[3] : undefined;
  }
  const [left, top, frameWidth, frameHeight] = [reader.u16(), reader.u16(), reader.u16(), reader.u16()];
  const own = reader.u8();
  const palette = own & 0x80 ? reader.take(3 << ((own & 7) + 1)) : shared;
  const frame: Frame = {
    left,
    top,
    width: frameWidth,
    height: frameHeight,
    interlaced: (own & 0x40) !== 0,
    palette,
    transparent,
  };
  const width = Math.max(canvas.width, left + frameWidth);
  const height = Math.max(canvas.height, top + frameHeight);
  if (frameWidth === 0 || frameHeight === 0) throw new Error("a frame without pixels");
  return { width, height, frame, data: reader };
}

/** The content of length-prefixed blocks up to the empty one; of extensions only the first is wanted. */
function readBlocks(reader: ByteReader, { limit }: { readonly limit: number }): Uint8Array {
  let first: Uint8Array | undefined;
  for (let length = reader.u8(); length > 0; length = reader.u8()) {
    const block = reader.take(Math.min(length, limit));
    first ??= block;
  }
  return first ?? new Uint8Array();
}

const MAX_CODES = 4096;

/** GIF's LZW: codes of growing width, least significant bit first. Exactly `length` indices, or it is cut short. */
function inflate(reader: ByteReader, length: number): Uint8Array {
  const minimum = reader.u8();
  if (minimum < 1 || minimum > 8) throw new Error("codes of an impossible width");
  const clear = 1 << minimum;
  const end = clear + 1;
  const prefixes = new Uint16Array(MAX_CODES);
  const suffixes = Uint8Array.from({ length: MAX_CODES }, (_, code) => (code < clear ? code : 0));
  const stack = new Uint8Array(MAX_CODES + 1);
  const out = new Uint8Array(length);
  let [to, next, width, previous, first] = [0, end + 1, minimum + 1, -1, 0];
  let [bits, held, left] = [0, 0, 0];
  while (to < length) {
    while (held < width) {
      if (left === 0) left = reader.u8();
      if (left === 0) throw new Error("premature end of its pixels");
      bits |= reader.u8() << held;
      held += 8;
      left--;
    }
    let code = bits & ((1 << width) - 1);
    bits >>>= width;
    held -= width;
    if (code === end) throw new Error("premature end of its pixels");
    if (code === clear) {
      [next, width, previous] = [end + 1, minimum + 1, -1];
      continue;
    }
    const given = code;
    let depth = 0;
    if (code > next || (code === next && previous === -1)) throw new Error("an impossible code");
    if (code === next) {
      stack[depth++] = first;
      code = previous;
    }
    for (; code >= clear; code = prefixes[code] as number) stack[depth++] = suffixes[code] as number;
    first = code;
    out[to++] = first;
    while (depth > 0 && to < length) out[to++] = stack[--depth] as number;
    if (previous !== -1 && next < MAX_CODES) {
      prefixes[next] = previous;
      suffixes[next] = first;
      next++;
      if (next === 1 << width && width < 12) width++;
    }
    previous = given;
  }
  return out;
}
