/** Reads numbers from bytes one after the other; beyond the end it fails instead of giving zeros. */

/** The file is valid, but of a kind that is not decoded. */
export class NotReadError extends Error {}

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #little: boolean;
  /** Where the next number is read. */
  at: number;

  constructor(bytes: Uint8Array, at = 0, { little = true }: { readonly little?: boolean } = {}) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#little = little;
    this.at = at;
  }

  get left(): number {
    return this.#bytes.length - this.at;
  }

  skip(length: number): void {
    if (length > this.left) throw new Error("premature end of file");
    this.at += length;
  }

  /** The next bytes, not copied. */
  take(length: number): Uint8Array {
    const from = this.at;
    this.skip(length);
    return this.#bytes.subarray(from, this.at);
  }

  text(length: number): string {
    return String.fromCharCode(...this.take(length));
  }

  u8(): number {
    this.skip(1);
    return this.#view.getUint8(this.at - 1);
  }

  u16(): number {
    this.skip(2);
    return this.#view.getUint16(this.at - 2, this.#little);
  }

  u32(): number {
    this.skip(4);
    return this.#view.getUint32(this.at - 4, this.#little);
  }

  i32(): number {
    return this.u32() | 0;
  }
}
