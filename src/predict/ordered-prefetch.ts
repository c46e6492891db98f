/** Ordered prefetch: works on the items of a stream ahead of the reader, and yields the results in order. */

import { abortable } from "../abortable.ts";

export interface PrefetchOptions {
  /** How many items may be in progress before their first result is read. */
  readonly ahead: number;
  readonly signal?: AbortSignal | undefined;
}

/** A result is not held back until later items arrive, so a slow stream is processed as it comes. */
export async function* orderedPrefetch<Item, Answer>(
  items: Iterable<Item> | AsyncIterable<Item>,
  work: (item: Item) => Promise<Answer>,
  { ahead, signal }: PrefetchOptions,
): AsyncGenerator<Answer, void, void> {
  const iterator = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  const answers: Promise<Answer>[] = [];
  let next: Promise<IteratorResult<Item>> | undefined;
  let ended = false;
  try {
    for (;;) {
      signal?.throwIfAborted();
      if (!ended && next === undefined && answers.length < ahead) next = Promise.resolve(iterator.next());
      const [first] = answers;
      if (next === undefined && first === undefined) return;
      const arrived = next?.then((result) => ({ result }));
      const answered = first?.then((answer) => ({ answer }));
      const event = await abortable(
        Promise.race([arrived, answered].filter((one) => one !== undefined)),
        signal,
      );
      if ("answer" in event) {
        answers.shift();
        yield event.answer;
      } else {
        next = undefined;
        if (event.result.done) ended = true;
        else answers.push(quiet(work(event.result.value)));
      }
    }
  } finally {
    next?.catch(() => {}); // nobody awaits it any more
    if (!ended) void Promise.resolve(iterator.return?.()).catch(() => {});
  }
}

/** A failure is thrown to the reader of its result; if the reader has stopped, it is dropped. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
