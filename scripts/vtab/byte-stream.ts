/** Takes exact numbers of bytes, in order, from a part of a file, inflated where it is compressed. */

import type { FileHandle } from "node:fs/promises";
import { pipeline, Readable } from "node:stream";
import { createGunzip, createInflate } from "node:zlib";
import { FileError } from "../../src/errors.ts";
import { codeOf } from "../../src/files/file-problem.ts";
import { readExactly } from "../../src/files/read-file.ts";

export interface FilePart {
  /** For messages. */
  readonly path: string;
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly compression?: "zlib" | "gzip";
}

export interface ByteStream {
  take(length: number): Promise<Uint8Array<ArrayBuffer>>;
  skip(length: number): Promise<void>;
  /** Nothing may be left; this also checks the checksum of what is compressed. */
  end(): Promise<void>;
}

/** Deflate needs a bit or more for each 258 bytes, less the codes: https://zlib.net/zlib_tech.html. */
const densest = 1032;

const CHUNK_BYTES = 1 << 18;

/** Opens the bytes of `part`, passes them to `use`, and always closes them. The handle stays open. */
export async function withBytes<T>(
  handle: FileHandle,
  part: FilePart,
  use: (bytes: ByteStream) => Promise<T>,
): Promise<T> {
  const chunks = chunksOf(handle, part);
  try {
    return await use(bytesOf(chunks, part));
  } catch (cause) {
    throw codeOf(cause)?.startsWith("Z_")
      ? new FileError(`${part.path} cannot be inflated; it is damaged. Download it again.`, { cause })
      : cause;
  } finally {
    await chunks.return?.();
  }
}

type Chunks = AsyncIterator<Uint8Array, undefined>;

function chunksOf(handle: FileHandle, part: FilePart): Chunks {
  const stored = storedChunks(handle, part);
  if (part.compression === undefined) return stored;
  const inflate = part.compression === "zlib" ? createInflate() : createGunzip();
  // Whoever reads the stream gets its error.
  return pipeline(Readable.from(stored), inflate, () => {})[Symbol.asyncIterator]();
}

/** A stream of the handle's own would close it. */
async function* storedChunks(
  handle: FileHandle,
  { path, from, to }: FilePart,
): AsyncGenerator<Uint8Array, undefined> {
  for (let offset = from; offset < to; offset += CHUNK_BYTES)
    yield await readExactly(handle, { path, offset, length: Math.min(CHUNK_BYTES, to - offset) });
}

function bytesOf(chunks: Chunks, { path, from, to, compression }: FilePart): ByteStream {
  const most = (to - from) * (compression === undefined ? 1 : densest);
  let ready: Uint8Array | undefined = new Uint8Array();

  async function each(length: number, see: (bytes: Uint8Array, at: number) => void): Promise<void> {
    for (let done = 0; done < length; ) {
      if (ready?.length === 0) ready = (await chunks.next()).value;
      if (ready === undefined) throw cutShort(path);
      const bytes = ready.subarray(0, length - done);
      see(bytes, done);
      ready = ready.subarray(bytes.length);
      done += bytes.length;
    }
  }

  return {
    async take(length) {
      // Before so much memory is asked for.
      if (length > most) throw cutShort(path);
      const taken = new Uint8Array(length);
      await each(length, (bytes, at) => taken.set(bytes, at));
      return taken;
    },
    skip: (length) => each(length, () => {}),
    async end() {
      while (ready?.length === 0) ready = (await chunks.next()).value;
      if (ready !== undefined)
        throw new FileError(`${path} has more bytes than its header says. Download it again.`);
    },
  };
}

const cutShort = (path: string): FileError =>
  new FileError(`${path} ends before what its header says. It is cut short; download it again.`);
