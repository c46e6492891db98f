/** Writing protocol buffers: a message is a list of fields, each a few bytes. https://protobuf.dev/programming-guides/encoding/ */

/** Encoded bytes in pieces, so that large tensors are not copied at every level. */
export interface Field {
  readonly length: number;
  readonly pieces: readonly Uint8Array[];
}

const text = new TextEncoder();

/** Seven bits per byte, the lowest first; negative numbers as 64-bit two's complement. */
function varint(number: number | bigint): number[] {
  const bytes: number[] = [];
  if (typeof number === "number" && number >= 0 && number < 2 ** 31) {
    let rest = number;
    for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
    bytes.push(rest);
    return bytes;
  }
  let rest = BigInt.asUintN(64, BigInt(number));
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return bytes;
}

/** Shorter content is copied into one piece at every level: a graph has hundreds of thousands of small fields. */
const smallBytes = 1024;

function pack(head: readonly number[], pieces: readonly Uint8Array[]): Field {
  const length = pieces.reduce((total, piece) => total + piece.length, head.length);
  if (length > smallBytes) return { length, pieces: [Uint8Array.from(head), ...pieces] };
  return { length, pieces: [concatenated(length, [head, ...pieces])] };
}

function concatenated(length: number, pieces: Iterable<ArrayLike<number>>): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** Wire type 0: an integer. */
export const int = (field: number, value: number | bigint): Field =>
  pack([...varint(field << 3), ...varint(value)], []);

/** Wire type 5: a 32-bit float. */
export function float(field: number, value: number): Field {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return pack(varint((field << 3) | 5), [bytes]);
}

/** Wire type 1: a 64-bit float. */
export function double(field: number, value: number): Field {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setFloat64(0, value, true);
  return pack(varint((field << 3) | 1), [bytes]);
}

/** Wire type 2: raw bytes. */
export const bytes = (field: number, value: Uint8Array): Field =>
  pack([...varint((field << 3) | 2), ...varint(value.length)], [value]);

/** Wire type 2: UTF-8 text. */
export const string = (field: number, value: string): Field => bytes(field, text.encode(value));

/** Wire type 2: a message inside this one. */
export function message(field: number, fields: readonly Field[]): Field {
  const length = fields.reduce((total, part) => total + part.length, 0);
  const pieces = fields.flatMap((part) => part.pieces);
  return pack([...varint((field << 3) | 2), ...varint(length)], pieces);
}

/** The bytes of an outermost message. */
export function encode(fields: readonly Field[]): Uint8Array {
  const length = fields.reduce((total, part) => total + part.length, 0);
  return concatenated(
    length,
    fields.flatMap((part) => part.pieces),
  );
}
