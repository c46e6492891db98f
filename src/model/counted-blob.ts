/** A body of a request that says how much of it has been read, and so how far it is sent. */

/** The bytes of `whole`, which are read as they are sent: what is large never lies in memory. */
export class CountedBlob extends Blob {
  readonly #whole: Blob;
  readonly #onBytes: (bytes: number) => void;

  constructor(whole: Blob, onBytes: (bytes: number) => void) {
    super();
    this.#whole = whole;
    this.#onBytes = onBytes;
  }

  override get size(): number {
    return this.#whole.size;
  }

  override get type(): string {
    return this.#whole.type;
  }

  override stream(): ReturnType<Blob["stream"]> {
    const count = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform: (chunk, controller) => {
        this.#onBytes(chunk.length);
        controller.enqueue(chunk);
      },
    });
    return this.#whole.stream().pipeThrough(count);
  }
}
