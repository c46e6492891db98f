/** The sources of an image: a path, the bytes of a file in any form, or pixels. */

import { open, stat } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { onAbort } from "../abortable.ts";
import { FileError, InputError } from "../errors.ts";
import { shown } from "../files/check-count.ts";
import { readFailure } from "../files/file-problem.ts";
import { showValue } from "../files/show-value.ts";
import { limits } from "../limits.ts";
import type { Image } from "../preprocessing/image.ts";

/** Pixels row by row, RGB or RGBA, as a canvas gives them; alpha is dropped. */
export interface RawImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
}

/** A path, a `file:` URL, the bytes of an image file, or pixels. */
export type ImageSource =
  | string
  | URL
  | Uint8Array
  | ArrayBuffer
  | Blob
  | ReadableStream<Uint8Array>
  | RawImage
  | Image;

/** A source after reading: paths stay paths, because files are read in the process that decodes them. */
export type ReadSource =
  | { readonly type: "path"; readonly path: string }
  | { readonly type: "bytes"; readonly bytes: Uint8Array }
  | { readonly type: "pixels"; readonly image: Image };

export interface SourceOptions {
  /** Names the image in messages. */
  readonly where?: string;
  readonly signal?: AbortSignal;
}

const MAX_FILE_BYTES = limits.MAX_IMAGE_FILE_BYTES.value;
const limit = `at most ${MAX_FILE_BYTES / 2 ** 20} MiB are allowed for an image. Make it smaller or remove it.`;

/** What messages call the image: as the caller named it, else by its path. */
export const nameOf = (source: ReadSource, { where }: SourceOptions): string =>
  where ?? (source.type === "path" ? source.path : "The image");

export async function readSource(
  source: ImageSource,
  { where = "The image", signal }: SourceOptions = {},
): Promise<ReadSource> {
  signal?.throwIfAborted();
  if (typeof source === "string") return { type: "path", path: source };
  if (source instanceof URL) return { type: "path", path: filePath(source) };
  if (source instanceof Uint8Array) return { type: "bytes", bytes: checkSize(source, where) };
  if (source instanceof ArrayBuffer)
    return { type: "bytes", bytes: checkSize(new Uint8Array(source), where) };
  if (source instanceof Blob) {
    if (source.size > MAX_FILE_BYTES) throw tooLarge(where, source.size);
    return { type: "bytes", bytes: new Uint8Array(await source.arrayBuffer()) };
  }
  if (source instanceof ReadableStream)
    return { type: "bytes", bytes: await readStream(source, { where, signal }) };
  if (isPixels(source)) return { type: "pixels", image: readPixels(source, where) };
  throw new InputError(
    `${where} must be a path, a file: URL, bytes, a Blob, a ReadableStream, or pixels as { width, height, data }, got ${source === null ? "null" : typeof source}.`,
  );
}

function filePath(url: URL): string {
  if (url.protocol !== "file:")
    throw new InputError(`${url.href} is not a file: URL. Fetch it first, and give the bytes.`);
  try {
    return fileURLToPath(url);
  } catch (cause) {
    const reason = cause instanceof Error ? ` (${cause.message})` : "";
    throw new InputError(`${url.href} names no file of this machine${reason}. Give its path.`, { cause });
  }
}

const tooLarge = (where: string, bytes: number): FileError =>
  new FileError(`${where} has ${bytes} bytes; ${limit}`);

function checkSize(bytes: Uint8Array, where: string): Uint8Array {
  if (bytes.length > MAX_FILE_BYTES) throw tooLarge(where, bytes.length);
  return bytes;
}

/** All of a stream; one that is too long is cancelled and not read to its end. */
async function readStream(
  stream: ReadableStream<Uint8Array>,
  { where, signal }: { readonly where: string; readonly signal: AbortSignal | undefined },
): Promise<Uint8Array> {
  if (stream.locked)
    throw new InputError(
      `${where} is a stream that is being read already. Give each image a stream of its own.`,
    );
  const reader = stream.getReader();
  const cancel = () => void reader.cancel(signal?.reason).catch(() => {});
  const forget = signal && onAbort(signal, cancel);
  const read = () =>
    reader.read().catch((cause: unknown) => {
      signal?.throwIfAborted();
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new FileError(`${where}: its stream ended early (${reason}). Send it again.`, { cause });
    });
  const chunks: Uint8Array[] = [];
  try {
    let length = 0;
    for (let part = await read(); !part.done; part = await read()) {
      if (!(part.value instanceof Uint8Array))
        throw new InputError(`${where} must be a stream of Uint8Arrays, got ${shown(part.value)}.`);
      chunks.push(part.value);
      length += part.value.length;
      if (length > MAX_FILE_BYTES) {
        cancel();
        throw new FileError(`${where} has more than ${length} bytes; ${limit}`);
      }
    }
    signal?.throwIfAborted();
    return Buffer.concat(chunks);
  } finally {
    forget?.();
  }
}

const isPixels = (source: unknown): source is RawImage | Image =>
  typeof source === "object" &&
  source !== null &&
  "width" in source &&
  "height" in source &&
  ("data" in source || "pixels" in source);

function readPixels(source: RawImage | Image, where: string): Image {
  const { width, height } = source;
  const data: unknown = "pixels" in source ? source.pixels : source.data;
  if (!Number.isSafeInteger(width) || !Number.isSafeInteger(height) || width < 1 || height < 1)
    throw new InputError(
      `${where}: width and height must be whole numbers above 0, got ${shown(width)} and ${shown(height)}.`,
    );
  if (!(data instanceof Uint8Array || data instanceof Uint8ClampedArray))
    throw new InputError(
      `${where}: pixels must be a Uint8Array or a Uint8ClampedArray, got ${showValue(data)}.`,
    );
  const count = width * height;
  if (data.length === count * 3) return { width, height, pixels: new Uint8Array(data) }; // copied: shared from now on
  if (data.length !== count * 4)
    throw new InputError(
      `${where}: ${width} × ${height} pixels are ${count * 3} bytes as RGB or ${count * 4} as RGBA, got ${data.length}.`,
    );
  const pixels = new Uint8Array(count * 3);
  for (let from = 0, to = 0; from < data.length; from += 4) {
    pixels[to++] = data[from] as number;
    pixels[to++] = data[from + 1] as number;
    pixels[to++] = data[from + 2] as number;
  }
  return { width, height, pixels };
}

/** The bytes of the file at `path`. */
export async function readImageFile(path: string): Promise<Uint8Array> {
  try {
    // Checked before opening: opening a pipe would wait for a writer.
    const found = await stat(path);
    if (!found.isFile()) throw new FileError(`${path} is not a file. Remove it from the data.`);
    if (found.size > MAX_FILE_BYTES) throw tooLarge(path, found.size);
    const file = await open(path);
    try {
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (cause instanceof FileError) throw cause;
    throw readFailure(path, cause);
  }
}
