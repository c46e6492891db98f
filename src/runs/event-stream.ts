/** Turns a function that reports events to a callback into an async stream of them, buffered until read. */

/** Starts `work` at once; yields its events in order, then its result or its error. Leaving the loop early aborts it. */
export async function* eventStream<Event>(
  work: (emit: (event: Event) => void, signal: AbortSignal) => Promise<void>,
  signal?: AbortSignal,
): AsyncGenerator<Event, void, void> {
  const left = new AbortController();
  const queue: Event[] = [];
  let ended = false;
  let wake = () => {};
  const emit = (event: Event) => {
    queue.push(event);
    wake();
  };
  const both = signal ? AbortSignal.any([signal, left.signal]) : left.signal;
  const working = work(emit, both).finally(() => {
    ended = true;
    wake();
  });
  working.catch(() => {}); // thrown below, to a reader who reads to the end
  let readToTheEnd = false;
  try {
    while (!ended || queue.length > 0) {
      const event = queue.shift();
      if (event !== undefined) yield event;
      else
        await new Promise<void>((resolve) => {
          wake = resolve;
          if (ended || queue.length > 0) resolve();
        });
    }
    readToTheEnd = true;
  } finally {
    left.abort();
    // A reader who left asked for the end, so that is no error to them.
    await (readToTheEnd ? working : working.catch(() => {}));
  }
}
