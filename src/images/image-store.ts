/** Decoded images by path: made on other threads, kept as bytes while there is room, never decoded twice at once. */

import { availableParallelism } from "node:os";
import type { Image } from "../preprocessing/image.ts";
import type { Action } from "../preprocessing/plan-steps.ts";
import type { Step } from "../preprocessing/steps.ts";
import { ImagePool } from "./image-pool.ts";

export interface ImageStoreOptions {
  /** Threads that decode and resize; one core is left to the training step. */
  readonly threads?: number;
  /** Bytes of pixels to keep; 1 GiB is 7,000 images of 224². */
  readonly cacheBytes?: number;
}

/** Gives images after their still steps. Close it when done. */
export interface ImageStore {
  /** How many images it works on at once; asking for more only queues them. */
  readonly threads: number;
  /** The image at `path` after `still` steps. The pixels are shared: do not write to them. */
  load(path: string, still: readonly Step[]): Promise<Image>;
  /** The image after `actions`, worked out on another thread. */
  transform(image: Image, actions: readonly Action[]): Promise<Image>;
  close(): Promise<void>;
}

const defaultThreads = (): number => Math.max(1, Math.min(4, availableParallelism() - 1));

/**
 * Opens a store. Its cache keeps the first images that fit and never drops one: an epoch visits every image once, and
 * under that pattern dropping the oldest would drop each image just before it is wanted again.
 */
export function openImageStore({
  threads = defaultThreads(),
  cacheBytes = 2 ** 30,
}: ImageStoreOptions = {}): ImageStore {
  const pool = new ImagePool(threads);
  const kept = new Map<string, Image>();
  const underway = new Map<string, Promise<Image>>();
  let keptBytes = 0;

  async function decode(key: string, path: string, still: readonly Step[]): Promise<Image> {
    try {
      const image = await pool.run({ type: "load", path, still });
      if (keptBytes + image.pixels.length <= cacheBytes) {
        kept.set(key, image);
        keptBytes += image.pixels.length;
      }
      return image;
    } finally {
      underway.delete(key);
    }
  }

  function load(path: string, still: readonly Step[]): Promise<Image> {
    const key = `${JSON.stringify(still)} ${path}`;
    const image = kept.get(key);
    if (image !== undefined) return Promise.resolve(image);
    const loading = underway.get(key) ?? decode(key, path, still);
    underway.set(key, loading);
    return loading;
  }

  return {
    threads,
    load,
    transform: (image, actions) => pool.run({ type: "transform", image, actions }),
    close: async () => {
      kept.clear();
      await pool.close();
    },
  };
}
