/** Stored floating-point numbers, little-endian, to float32 and back to bytes. */

export type FloatType = "F32" | "F16" | "BF16" | "F64";

export const floatBytes: Readonly<Record<FloatType, number>> = { F32: 4, F16: 2, BF16: 2, F64: 8 };

export const isFloatType = (dtype: string): dtype is FloatType => Object.hasOwn(floatBytes, dtype);

/** IEEE half precision: 1 sign, 5 exponent (bias 15) and 10 fraction bits. */
function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

let halves: Float32Array | undefined;
/** All 65,536 half-precision numbers: a look-up is many times as fast as the arithmetic. */
function halfTable(): Float32Array {
  halves ??= Float32Array.from({ length: 65536 }, (_, bits) => halfToNumber(bits));
  return halves;
}

/** `bytes` at an address that the wider array types accept. */
const aligned = (bytes: Uint8Array, to: number): Uint8Array =>
  bytes.byteOffset % to === 0 ? bytes : bytes.slice();

/** float32 numbers from little-endian `bytes`; F32 is a view of the same memory where its address allows. */
export function toFloat32(bytes: Uint8Array, dtype: FloatType): Float32Array {
  const count = bytes.byteLength / floatBytes[dtype];
  const { buffer, byteOffset } = aligned(bytes, floatBytes[dtype]);
  switch (dtype) {
    case "F32":
      return new Float32Array(buffer, byteOffset, count);
    case "F64":
      return Float32Array.from(new Float64Array(buffer, byteOffset, count));
    case "F16": {
      const table = halfTable();
      const result = new Float32Array(count);
      new Uint16Array(buffer, byteOffset, count).forEach((bits, index) => {
        result[index] = table[bits] as number;
      });
      return result;
    }
    case "BF16": {
      // bfloat16 is the upper half of a float32.
      const upper = Uint32Array.from(
        new Uint16Array(buffer, byteOffset, count),
        (bits) => (bits << 16) >>> 0,
      );
      return new Float32Array(upper.buffer);
    }
  }
}

/** The nearest half-precision numbers, halves to even; what is beyond ±65,504 becomes that. */
export function toFloat16(data: Float32Array): Uint16Array {
  const bits = new Uint32Array(data.buffer, data.byteOffset, data.length);
  const result = new Uint16Array(data.length);
  for (let i = 0; i < data.length; i++) result[i] = halfOf(bits[i] as number, data[i] as number);
  return result;
}

const largestHalf = 65504;

/** `bits` are those of `value`. Rounding carries into the exponent by itself, as it is the higher part. */
function halfOf(bits: number, value: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const size = Math.abs(value);
  if (Number.isNaN(value)) return sign | 0x7e00;
  if (size >= largestHalf) return sign | (size === Number.POSITIVE_INFINITY ? 0x7c00 : 0x7bff);
  // Below 2⁻¹⁴ the numbers are whole multiples of 2⁻²⁴.
  if (size < 2 ** -14) return sign | roundToEven(size * 2 ** 24);
  const rest = bits & 0x1fff;
  const kept = ((bits & 0x7fffffff) >>> 13) - ((127 - 15) << 10);
  const up = rest > 0x1000 || (rest === 0x1000 && (kept & 1) === 1);
  return sign | (kept + (up ? 1 : 0));
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}

/** The bytes of float32 numbers, without a copy. */
export const float32Bytes = (data: Float32Array): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** Whether all are finite: 0 · NaN and 0 · ∞ are NaN. A plain loop, fast for the 86 million weights of a ViT-B. */
export function allFinite(data: Float32Array): boolean {
  let sum = 0;
  for (let i = 0; i < data.length; i++) sum += 0 * (data[i] as number);
  return sum === 0;
}
