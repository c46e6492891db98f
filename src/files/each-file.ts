/** Works on many files, a few at a time, and hashes a file chunk by chunk. */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";

export interface EachFileOptions {
  readonly signal?: AbortSignal | undefined;
  /** Called after each file. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** So many files are open at a time: enough to keep a disk busy. */
const AT_ONCE = 8;

/** The results of `work`, in the order of `paths`. After a failure no further file is begun. */
export async function eachFile<T>(
  paths: readonly string[],
  work: (path: string) => Promise<T>,
  { signal, onProgress }: EachFileOptions = {},
): Promise<readonly T[]> {
  const results = new Array<T>(paths.length);
  const remaining = paths.entries();
  let done = 0;
  let failed = false;
  async function workRemaining(): Promise<void> {
    for (const [at, path] of remaining) {
      if (failed) return;
      signal?.throwIfAborted();
      results[at] = await work(path);
      onProgress?.(++done, paths.length);
    }
  }
  const workers = Array.from({ length: AT_ONCE }, () =>
    workRemaining().catch((cause: unknown) => {
      failed = true;
      throw cause;
    }),
  );
  await Promise.all(workers);
  return results;
}

/** The SHA-256 of a file's bytes, in base64. The file is never in memory as a whole. */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 18 })) hash.update(chunk);
  return hash.digest("base64");
}

/** The same in hexadecimal, as other programs print it. */
export const hexHash = async (path: string): Promise<string> =>
  Buffer.from(await hashFile(path), "base64").toString("hex");
