/** CRC-32 as zip files use it, and CRC-32C as TFRecords do: reflected, of two polynomials. */

const tableOf = (polynomial: number): Uint32Array =>
  Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
    return value;
  });
const zipTable = tableOf(0xedb88320);
const castagnoliTable = tableOf(0x82f63b78);

function checksum(bytes: Uint8Array, table: Uint32Array, previous: number): number {
  let value = ~previous;
  for (let at = 0; at < bytes.length; at++)
    value = (table[(value ^ (bytes[at] as number)) & 255] as number) ^ (value >>> 8);
  return ~value >>> 0;
}

/** The checksum of `bytes`, continued from `previous`; 0 starts. */
export const crc32 = (bytes: Uint8Array, previous = 0): number => checksum(bytes, zipTable, previous);

/** By Castagnoli's polynomial. */
export const crc32c = (bytes: Uint8Array): number => checksum(bytes, castagnoliTable, 0);

/** CRC-32C as TFRecords store it: rotated and moved, since a checksum of data that holds its own checksum tells little. */
export function maskedCrc32c(bytes: Uint8Array): number {
  const checksum = crc32c(bytes);
  return (((checksum >>> 15) | (checksum << 17)) + 0xa282ead8) >>> 0;
}
