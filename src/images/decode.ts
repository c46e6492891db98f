/** Decodes single images without a store, in a shared process that ends when idle. */

import type { Image } from "../preprocessing/image.ts";
import type { ImageFacts } from "./decode-bytes.ts";
import { ImagePool } from "./image-pool.ts";
import type { ImageResults, ImageTask } from "./image-process.ts";
import { type ImageSource, nameOf, readSource, type SourceOptions } from "./image-source.ts";

/** Starting a process takes about as long as decoding ten photographs, so it waits a while for the next. */
const IDLE_MS = 5000;

let shared: { readonly pool: ImagePool; users: number; timer: NodeJS.Timeout | undefined } | undefined;

async function run<T extends ImageTask>(task: T): Promise<ImageResults[T["type"]]> {
  if (shared === undefined || shared.pool.ended)
    shared = { pool: new ImagePool(1), users: 0, timer: undefined };
  const used = shared;
  clearTimeout(used.timer);
  used.users++;
  try {
    return await used.pool.run(task);
  } finally {
    if (--used.users === 0) used.timer = setTimeout(() => void used.pool.close(), IDLE_MS).unref();
  }
}

/** Decodes an image, which `options.where` names in messages. Any problem with the file is a `FileError`. */
export async function decodeImage(source: ImageSource, options: SourceOptions = {}): Promise<Image> {
  const read = await readSource(source, options);
  if (read.type === "pixels") return read.image;
  return run({ type: "load", source: read, steps: [], where: nameOf(read, options) });
}

/** What the header of the image file at `path` says. */
export const readFileFacts = (path: string): Promise<ImageFacts> =>
  run({ type: "facts", source: { type: "path", path }, where: path });
