/** Decodes every image once before training, so that a damaged one is found now and not in the third epoch. */

import { abortable } from "../abortable.ts";
import { FileError } from "../errors.ts";
import type { ImageStore } from "../images/image-store.ts";
import { limits } from "../limits.ts";
import { splitSteps } from "../preprocessing/step-list.ts";
import type { Step } from "../preprocessing/steps.ts";
import type { Example } from "./dataset.ts";

export interface BadImage {
  readonly path: string;
  /** A whole sentence that names the path. */
  readonly reason: string;
}

const PRINTED = limits.MAX_PRINTED.value;

/** Examples with their preprocessing steps. */
export interface CheckedPart {
  readonly examples: readonly Example[];
  readonly steps: readonly Step[];
}

/**
 * All examples whose image cannot be used, in the order given. What is decoded stays in the store's cache for the
 * first epoch with the same steps.
 */
export async function findBadImages(
  parts: readonly CheckedPart[],
  options: {
    readonly store: ImageStore;
    readonly signal?: AbortSignal;
    /** Called after each file. */
    readonly onProgress?: (done: number, total: number) => void;
  },
): Promise<readonly BadImage[]> {
  const { store, signal, onProgress } = options;
  const tasks = parts.flatMap(({ examples, steps }) => {
    const { deterministic } = splitSteps(steps);
    return [...new Set(examples.map(({ path }) => path))].map((path) => ({ path, deterministic }));
  });
  const reasons = new Map<string, string>();
  const remaining = tasks.values();
  let done = 0;

  async function checkRemaining(): Promise<void> {
    for (const { path, deterministic } of remaining) {
      signal?.throwIfAborted();
      try {
        await abortable(store.load(path, deterministic), signal);
      } catch (error) {
        if (!(error instanceof FileError)) throw error;
        reasons.set(path, error.message);
      }
      onProgress?.(++done, tasks.length);
    }
  }

  // A few more requests than threads, so that no thread is idle.
  await Promise.all(Array.from({ length: store.threads * 4 }, checkRemaining));
  return [...new Set(tasks.map(({ path }) => path))].flatMap((path) => {
    const reason = reasons.get(path);
    return reason === undefined ? [] : [{ path, reason }];
  });
}

/** The list as a message: one sentence per line, the first twenty, then how many more. */
export function renderBadImages(bad: readonly BadImage[]): string {
  const lines = bad.slice(0, PRINTED).map(({ reason }) => `  ${reason}`);
  if (bad.length > PRINTED) lines.push(`  … and ${bad.length - PRINTED} more.`);
  return `${bad.length} ${bad.length === 1 ? "image" : "images"} cannot be used:\n${lines.join("\n")}`;
}
