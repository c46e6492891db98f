/** What runs a graph: compile once, feed and fetch by name, close. */

import { InputError } from "../errors.ts";
import { sizeOf } from "../formats/tensor.ts";
import type { Graph, InputValue } from "../graph/value.ts";

/** Numbers by name, row-major, float32. */
export type Arrays = Readonly<Record<string, Float32Array>>;

export interface RunOptions {
  /** Feeds whose buffers the engine may take away instead of copying: fresh images, fresh masks. */
  readonly handOver?: readonly string[];
  /** Gets handed-over arrays back after the run, so that large ones can be filled anew instead of allocated. */
  readonly giveBack?: (spent: Arrays) => void;
}

/** A compiled graph. Owns memory until closed. */
export interface Session {
  run(feeds: Arrays, options?: RunOptions): Promise<Record<string, Float32Array>>;
  close(): Promise<void>;
}

export interface Engine {
  readonly name: string;
  compile(graph: Graph): Promise<Session>;
  close(): Promise<void>;
}

/** Every input fed, with the right count of numbers; anything else is the caller's mistake. */
export function checkFeeds(inputs: ReadonlyMap<string, InputValue>, feeds: Arrays): void {
  for (const [name, { shape }] of inputs) {
    const feed = feeds[name];
    if (!feed) throw new InputError(`run: input "${name}" was not fed.`);
    if (feed.length !== sizeOf(shape))
      throw new InputError(`run: input "${name}" needs ${sizeOf(shape)} numbers, got ${feed.length}.`);
  }
}
