/** Works on the items of a stream ahead of whoever reads the answers, and gives the answers in order. */

import { abortable } from "../datasets/abortable.ts";

export interface PrefetchOptions {
  /** How many items are worked on before the first of their answers is read. */
  readonly ahead: number;
  readonly signal?: AbortSignal | undefined;
}

/** An answer does not wait for later items to arrive, so a slow stream is answered as it comes. */
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
    next?.catch(() => {}); // nobody waits for it any more
    if (!ended) void Promise.resolve(iterator.return?.()).catch(() => {});
  }
}

/** A failure is told to whoever reads the answer; a reader who has left never hears of it. */
function quiet<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
