/** Writing protocol buffers: a message is a list of fields, each a few bytes. https://protobuf.dev/programming-guides/encoding/ */

/** Encoded bytes in pieces, so that large tensors are not copied at every level. */
export interface Field {
  readonly length: number;
  readonly pieces: readonly Uint8Array[];
}

const text = new TextEncoder();

function varint(number: number | bigint): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(number));
  const bytes: number[] = [];
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest ? low | 128 : low);
  } while (rest);
  return Uint8Array.from(bytes);
}

const pack = (pieces: readonly Uint8Array[]): Field => ({
  pieces,
  length: pieces.reduce((total, piece) => total + piece.length, 0),
});

/** Wire type 0: an integer, negative ones as 64-bit two's complement. */
export const int = (field: number, value: number | bigint): Field =>
  pack([varint(field << 3), varint(value)]);

/** Wire type 5: a 32-bit float. */
export function float(field: number, value: number): Field {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setFloat32(0, value, true);
  return pack([varint((field << 3) | 5), bytes]);
}

/** Wire type 2: raw bytes. */
export const bytes = (field: number, value: Uint8Array): Field =>
  pack([varint((field << 3) | 2), varint(value.length), value]);

/** Wire type 2: UTF-8 text. */
export const string = (field: number, value: string): Field => bytes(field, text.encode(value));

/** Wire type 2: a message inside this one. */
export function message(field: number, fields: readonly Field[]): Field {
  const length = fields.reduce((total, part) => total + part.length, 0);
  return pack([varint((field << 3) | 2), varint(length), ...fields.flatMap((part) => part.pieces)]);
}

/** The bytes of an outermost message. */
export function encode(fields: readonly Field[]): Uint8Array {
  const all = new Uint8Array(fields.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const piece of fields.flatMap((part) => part.pieces)) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
