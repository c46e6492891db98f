/** Waiting for what a signal may abort, with one listener per signal however many wait: Node warns of more than ten. */

interface Listener {
  readonly reactions: Set<() => void>;
  readonly stop: () => void;
}

/** Signals that something waits for. */
const listeners = new WeakMap<AbortSignal, Listener>();

function listen(signal: AbortSignal): Listener {
  const reactions = new Set<() => void>();
  const abort = () => {
    listeners.delete(signal);
    for (const react of reactions) react();
  };
  const stop = () => {
    listeners.delete(signal);
    signal.removeEventListener("abort", abort);
  };
  signal.addEventListener("abort", abort, { once: true });
  const listener = { reactions, stop };
  listeners.set(signal, listener);
  return listener;
}

/** Calls `react` when the signal is aborted, at once if it already is; the function that it gives forgets `react`. */
export function onAbort(signal: AbortSignal, react: () => void): () => void {
  if (signal.aborted) {
    react();
    return () => {};
  }
  const { reactions, stop } = listeners.get(signal) ?? listen(signal);
  const own = () => react(); // its own entry, where a function is given twice
  reactions.add(own);
  return () => {
    if (reactions.delete(own) && reactions.size === 0) stop();
  };
}

/** The promise's result, or the signal's reason as soon as it is aborted; the work itself continues. */
export function abortable<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  return new Promise((resolve, reject) => {
    const forget = onAbort(signal, () => reject(signal.reason));
    promise.then(resolve, reject).finally(forget);
  });
}
