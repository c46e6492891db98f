/** Notices where a queue has no workers, so that nobody waits for ever without knowing why. */

export interface WorkersWatched {
  /** How many are at the queue; a server that does not list them counts one, or refuses. */
  readonly count: () => Promise<number>;
  readonly everyMs: number;
  /** No worker was seen at two looks, one after the other. Told once, until one is seen again. */
  readonly tell: () => void;
}

/** Looks where the last look was long enough ago. */
export function watchWorkers({ count, everyMs, tell }: WorkersWatched): () => Promise<void> {
  let looks = 0;
  let last = performance.now();
  return async () => {
    if (performance.now() - last < everyMs) return;
    last = performance.now();
    const workers = await count().catch(() => undefined);
    looks = workers === 0 ? looks + 1 : 0;
    if (looks === 2) tell();
  };
}

/** A password is not shown. */
export const noWorkers = (shown: string): string =>
  `Trials wait, and no worker was seen at ${shown}. Start one, here or elsewhere, with the study's own address: rlrr worker --queue ${shown}`;
