/** A cache of decoded images: decoded in other processes, kept as bytes while there is room, never twice at once. */

import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { InputError } from "../errors.ts";
import { checkCounts, shown } from "../files/check-count.ts";
import { type Action, applyActions, isCheap } from "../preprocessing/actions.ts";
import type { Image } from "../preprocessing/image.ts";
import { planSteps } from "../preprocessing/preprocess.ts";
import type { Step } from "../preprocessing/steps.ts";
import { ImagePool } from "./image-pool.ts";
import { type ImageSource, nameOf, readSource, type SourceOptions } from "./image-source.ts";

export interface ImageStoreOptions {
  /** Processes that decode and resize; by default one for each core, and at most four. */
  readonly threads?: number;
  /** Bytes of pixels to keep; 1 GiB is 7,000 images of 224². */
  readonly cacheBytes?: number;
}

/** Gives images after their deterministic steps. Close it when done. */
export interface ImageStore {
  /** How many images it works on at once; asking for more only queues them. */
  readonly threads: number;
  /**
   * The image after `steps`, none of which is random. The pixels are shared: do not write to them.
   * A file is kept in memory until it changes; what is given as bytes or pixels is not kept.
   */
  load(source: ImageSource, steps: readonly Step[], options?: SourceOptions): Promise<Image>;
  /** The image after `actions`; resizing is done in another process, copying here. */
  transform(image: Image, actions: readonly Action[], options?: TransformOptions): Promise<Image>;
  close(): Promise<void>;
}

export interface TransformOptions {
  /** Names the image in messages. */
  readonly where?: string;
}

interface Kept {
  /** Identifies this version of the file. */
  readonly stamp: string;
  readonly image: Promise<Image>;
  /** 0 until it is decoded, and where there is no room to keep it. */
  bytes: number;
}

/** Each keeps one core busy; four decode photographs faster than any processor trains on them. */
const defaultThreads = (): number => Math.min(4, availableParallelism());

/** Changes with the file at `path`; where stat fails, decoding reports why. */
const stampOf = (path: string): Promise<string | undefined> =>
  stat(path, { bigint: true }).then(
    ({ mtimeNs, ctimeNs, size, ino }) => `${mtimeNs} ${ctimeNs} ${size} ${ino}`,
    () => undefined,
  );

/**
 * Opens a store. Its cache keeps the first images that fit and drops only those whose file has changed: an epoch visits
 * every image once, and under that pattern dropping the oldest would drop each image just before it is wanted again.
 */
export function openImageStore({
  threads = defaultThreads(),
  cacheBytes = 2 ** 30,
}: ImageStoreOptions = {}): ImageStore {
  checkCounts({ threads });
  if (!(typeof cacheBytes === "number" && cacheBytes >= 0))
    throw new InputError(
      (show) => `${show("cacheBytes")} must be a number from 0 on, got ${shown(cacheBytes)}.`,
    );
  const pool = new ImagePool(threads);
  /** By steps and path: cached images and pending ones. */
  const known = new Map<string, Kept>();
  let keptBytes = 0;

  function forget(key: string, entry: Kept): void {
    if (known.get(key) === entry) known.delete(key);
    keptBytes -= entry.bytes;
    entry.bytes = 0;
  }

  async function loadFile(path: string, steps: readonly Step[], where: string): Promise<Image> {
    const decode = () => pool.run({ type: "load", source: { type: "path", path }, steps, where });
    const stamp = await stampOf(path);
    if (stamp === undefined) return decode();
    const key = `${JSON.stringify(steps)} ${path}`;
    const earlier = known.get(key);
    if (earlier?.stamp === stamp) return earlier.image;
    if (earlier) forget(key, earlier);
    const entry: Kept = { stamp, image: decode(), bytes: 0 };
    known.set(key, entry);
    try {
      const image = await entry.image;
      if (known.get(key) === entry && keptBytes + image.pixels.length <= cacheBytes) {
        entry.bytes = image.pixels.length;
        keptBytes += entry.bytes;
      } else forget(key, entry);
      return image;
    } catch (error) {
      forget(key, entry);
      throw error;
    }
  }

  function transform(
    image: Image,
    actions: readonly Action[],
    { where = "The image" }: TransformOptions = {},
  ): Promise<Image> {
    // Cropping only copies, and leaves less to send.
    const first = actions.findIndex((action) => !isCheap(action));
    const cropped = applyActions(image, first === -1 ? actions : actions.slice(0, first));
    if (first === -1) return Promise.resolve(cropped);
    return pool.run({ type: "transform", image: cropped, actions: actions.slice(first), where });
  }

  return {
    threads,
    transform,
    load: async (given, steps, options = {}) => {
      const source = await readSource(given, options);
      const where = nameOf(source, options);
      if (source.type === "path") return loadFile(source.path, steps, where);
      if (source.type === "bytes") return pool.run({ type: "load", source, steps, where });
      return transform(source.image, planSteps(steps, source.image, { where }), { where });
    },
    close: async () => {
      known.clear();
      keptBytes = 0;
      await pool.close();
    },
  };
}
