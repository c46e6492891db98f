/** Reads protocol buffers, field by field: https://protobuf.dev/programming-guides/encoding/ */

import { FileError } from "../../src/errors.ts";

/** An integer, or the bytes of what has a length or four or eight bytes. */
export type WireField = { readonly field: number } & (
  | { readonly kind: "varint"; readonly value: bigint }
  | { readonly kind: "bytes" | "fixed32" | "fixed64"; readonly value: Uint8Array }
);

/** The bytes of a message; `where` begins the messages of errors. */
export interface WireMessage {
  readonly bytes: Uint8Array;
  readonly where: string;
}

/** The fields of one message, in its order. */
export function* fieldsOf({ bytes, where }: WireMessage): Generator<WireField> {
  let at = 0;
  const varint = () => {
    const { value, end } = varintAt({ bytes, where }, at);
    at = end;
    return value;
  };
  const take = (length: bigint) => {
    if (length > bytes.length - at)
      throw new FileError(
        `${where}: a field should have ${length} bytes, ${bytes.length - at} are left. The message is damaged; get the file again.`,
      );
    at += Number(length);
    return bytes.subarray(at - Number(length), at);
  };
  while (at < bytes.length) {
    const tag = varint();
    const field = Number(tag >> 3n);
    const wireType = Number(tag & 7n);
    if (wireType === 0) yield { field, kind: "varint", value: varint() };
    else if (wireType === 1) yield { field, kind: "fixed64", value: take(8n) };
    else if (wireType === 2) yield { field, kind: "bytes", value: take(varint()) };
    else if (wireType === 5) yield { field, kind: "fixed32", value: take(4n) };
    else
      throw new FileError(
        `${where}: a field has the wire type ${wireType}; 0, 1, 2 and 5 are known. The message is damaged; get the file again.`,
      );
  }
}

/** Integers one after the other: a packed list. */
export function* varintsOf(message: WireMessage): Generator<bigint> {
  for (let at = 0; at < message.bytes.length; ) {
    const { value, end } = varintAt(message, at);
    at = end;
    yield value;
  }
}

/** 64 bits in ten bytes of seven. */
const maxVarintBytes = 10;

function varintAt({ bytes, where }: WireMessage, at: number): { value: bigint; end: number } {
  let value = 0n;
  for (let index = 0; index < maxVarintBytes; index++) {
    const byte = bytes[at + index];
    if (byte === undefined) break;
    value |= BigInt(byte & 127) << BigInt(7 * index);
    if (byte < 128) return { value: BigInt.asUintN(64, value), end: at + index + 1 };
  }
  throw new FileError(`${where}: an integer does not end. The message is damaged; get the file again.`);
}
