/** Packs pixels of black and white, eight to a byte. */

/**
 * Packs `values`, which are 0 and 1 and begin at bit `at`, into `bits`. Gives all of them together by OR: more than 1 where
 * one is.
 */
export function packBits(bits: Uint8Array, values: Uint8Array, at: number): number {
  let all = 0;
  for (let index = 0; index < values.length; index++) {
    const value = values[index] as number;
    // Bit numbers need 32 bits, without a sign.
    const byte = (at + index) >>> 3;
    bits[byte] = (bits[byte] as number) | (value << ((at + index) & 7));
    all |= value;
  }
  return all;
}

/** A byte for each bit: 0 or `one`. */
export function unpackBits(bits: Uint8Array, one: number): Uint8Array {
  const values = new Uint8Array(bits.length * 8);
  for (let index = 0; index < values.length; index++)
    values[index] = ((bits[index >>> 3] as number) >> (index & 7)) & 1 ? one : 0;
  return values;
}
