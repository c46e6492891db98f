/** Seeded damage to bytes and texts, for the tests that no damage may crash a reader. */

/** A whole number from 0 to below `below`. */
export type Draw = (below: number) => number;

/** A small generator of its own (mulberry32), so that a failing round can be drawn again from its number. */
export function drawer(seed: number): Draw {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

/** One of `items`, which are some. */
export function pick<T>(draw: Draw, items: readonly T[]): T {
  const [first] = items;
  if (first === undefined) throw new Error("there is nothing to pick from");
  return items[draw(items.length)] ?? first;
}

const bytesOfNote = [0, 1, 0x7f, 0x80, 0xff, 0x22, 0x2c, 0x2d, 0x30, 0x39, 0x5b, 0x5d, 0x7b, 0x7d];
/** Where counts and lengths of 8, 16, 32 and 64 bits end, and a little beside. */
const numbersOfNote = [
  ...[0n, 1n, 2n, 0x7fn, 0x80n, 0xffn, 0x7fffn, 0x8000n, 0xffffn],
  ...[0x7fffffffn, 0x80000000n, 0xfffffffen, 0xffffffffn, 0x1fffffffffffffn, 0x20000000000000n],
  ...[0x7fffffffffffffffn, 0x8000000000000000n, 0xffffffffffffffffn],
];

/** A number of note, as wide and in the order that is drawn. */
function drawNumber(draw: Draw): Buffer {
  const width = pick(draw, [1, 2, 4, 8]);
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(pick(draw, numbersOfNote));
  const little = bytes.subarray(0, width);
  return draw(2) === 0 ? little : Buffer.from(little).reverse();
}

interface Damage {
  readonly draw: Draw;
  /** A place in the bytes. */
  readonly at: number;
  /** What may be spliced in. */
  readonly other: Uint8Array;
}

const { concat, alloc } = Buffer;

/** Each turns bytes into damaged ones. */
const damages: readonly ((bytes: Buffer, damage: Damage) => Buffer)[] = [
  (bytes, { draw, at }) => replace(bytes, at, Buffer.of((bytes[at] ?? 0) ^ (1 << draw(8)))),
  (bytes, { draw, at }) => replace(bytes, at, Buffer.of(pick(draw, bytesOfNote))),
  (bytes, { draw, at }) => replace(bytes, at, drawNumber(draw)),
  (bytes, { draw, at }) => replace(bytes, at & ~3, drawNumber(draw)),
  (bytes, { draw }) => bytes.subarray(0, draw(bytes.length + 1)),
  (bytes, { draw, at }) => insert(bytes, at, alloc(1 + draw(9), pick(draw, bytesOfNote))),
  (bytes, { draw, at }) => concat([bytes.subarray(0, at), bytes.subarray(at + 1 + draw(16))]),
  (bytes, { draw, at }) => insert(bytes, draw(bytes.length + 1), bytes.subarray(at, at + 1 + draw(64))),
  (bytes, { draw, at, other }) => concat([bytes.subarray(0, at), other.subarray(draw(other.length + 1))]),
  (bytes, { draw, at, other }) => insert(bytes, at, cut(other, draw)),
  (bytes, { draw, at }) => insert(bytes, at, repeated(bytes.subarray(at, at + 1 + draw(8)), 1 + draw(500))),
];

const replace = (bytes: Buffer, at: number, by: Uint8Array): Buffer =>
  concat([bytes.subarray(0, at), by, bytes.subarray(at + by.length)]);
const insert = (bytes: Buffer, at: number, more: Uint8Array): Buffer =>
  concat([bytes.subarray(0, at), more, bytes.subarray(at)]);
const repeated = (part: Uint8Array, times: number): Buffer =>
  concat(Array.from({ length: times }, () => part));

/** Up to 256 bytes of somewhere. */
function cut(bytes: Uint8Array, draw: Draw): Uint8Array {
  const from = draw(bytes.length + 1);
  return bytes.subarray(from, from + draw(256));
}

export interface ByteDamage {
  readonly draw: Draw;
  /** Most damage falls below: where a file says what the rest of it is. */
  readonly headerBytes?: number;
  /** What may be spliced in; by default the bytes themselves. */
  readonly other?: Uint8Array;
}

/** A damaged copy of `bytes`: one to four damages. */
export function mutateBytes(
  bytes: Uint8Array,
  { draw, headerBytes = bytes.length, other = bytes }: ByteDamage,
): Uint8Array<ArrayBuffer> {
  let result: Buffer = Buffer.from(bytes);
  for (let count = 1 + draw(4); count > 0; count--) {
    const at = draw(draw(8) === 0 ? result.length : Math.min(headerBytes, result.length));
    result = pick(draw, damages)(result, { draw, at, other });
  }
  return Uint8Array.from(result);
}

/** The `round`th damaged copy of `bytes`. */
export const mutate = (
  bytes: Uint8Array,
  { round, headerBytes }: { readonly round: number; readonly headerBytes: number },
): Uint8Array => mutateBytes(bytes, { draw: drawer(round + 1), headerBytes });
