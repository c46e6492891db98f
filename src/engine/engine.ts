/** What runs a graph: compile once, feed and fetch by name, close. */

import { InputError } from "../errors.ts";
import { sizeOf } from "../formats/tensor.ts";
import type { Graph, InputValue } from "../graph/value.ts";

/** Numbers by name, row-major, float32. */
export type Arrays = Readonly<Record<string, Float32Array>>;

/** A compiled graph. Owns memory until closed. */
export interface Session {
  /**
   * An array of the size of input `name`, to be filled: its contents are undefined. A run that is fed it transfers it instead of
   * copying, which detaches it.
   */
  buffer(name: string): Float32Array;
  run(feeds: Arrays): Promise<Record<string, Float32Array>>;
  close(): Promise<void>;
}

export interface CompileOptions {
  /**
   * For many runs of a graph whose matrices are constant: packs them once for the kernels, for as much memory again. The last
   * bits may differ from those of a graph that is not packed.
   */
  readonly packed?: boolean;
}

export interface Engine extends AsyncDisposable {
  readonly name: string;
  /** Messages for the user, such as more threads requested than there are cores. */
  readonly notes: readonly string[];
  compile(graph: Graph, options?: CompileOptions): Promise<Session>;
  close(): Promise<void>;
}

/** Checks that every input is fed with the correct count of numbers. */
export function checkFeeds(inputs: ReadonlyMap<string, InputValue>, feeds: Arrays): void {
  for (const [name, { shape }] of inputs) {
    const feed = feeds[name];
    if (!feed) throw new InputError(`run: input "${name}" was not fed.`);
    if (feed.length !== sizeOf(shape))
      throw new InputError(`run: input "${name}" needs ${sizeOf(shape)} numbers, got ${feed.length}.`);
  }
}

/** The size of input `name`, which must be one of the graph's. */
export function inputSize(inputs: ReadonlyMap<string, InputValue>, name: string): number {
  const input = inputs.get(name);
  if (!input)
    throw new InputError(
      `buffer: the graph has no input "${name}"; it has ${[...inputs.keys()].join(", ")}.`,
    );
  return sizeOf(input.shape);
}
