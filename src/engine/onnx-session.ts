/** A graph compiled by ONNX Runtime: large feeds go to its thread without a copy, in memory that comes back. */

import { InputError } from "../errors.ts";
import { type Graph, type InputValue, inputsOf } from "../graph/value.ts";
import { type Arrays, checkFeeds, inputSize, type Session } from "./engine.ts";
import type { WorkerClient } from "./worker-client.ts";

/** From here on copying a feed into a recycled buffer is faster than sending a copy of it. */
const largeBytes = 2 ** 16;

export class OnnxSession implements Session {
  readonly #line: WorkerClient;
  readonly #id: number;
  readonly #inputs: ReadonlyMap<string, InputValue>;
  /** Buffers that runs are done with, by input. */
  readonly #recycled = new Map<string, Float32Array[]>();
  /** Buffers that this session has made, to the input that they are for. */
  readonly #made = new WeakMap<Float32Array, string>();

  constructor({
    graph,
    line,
    id,
  }: { readonly graph: Graph; readonly line: WorkerClient; readonly id: number }) {
    this.#inputs = inputsOf(graph);
    this.#line = line;
    this.#id = id;
  }

  buffer(name: string): Float32Array {
    const size = inputSize(this.#inputs, name);
    const buffer = this.#recycled.get(name)?.pop() ?? new Float32Array(size);
    this.#made.set(buffer, name);
    return buffer;
  }

  async run(feeds: Arrays): Promise<Record<string, Float32Array>> {
    for (const [name, feed] of Object.entries(feeds))
      if (this.#made.has(feed) && feed.length === 0)
        throw new InputError(
          `run: an earlier run took the buffer of input "${name}". Get another by session.buffer("${name}").`,
        );
    checkFeeds(this.#inputs, feeds);
    const used = Object.entries(feeds).filter(([name]) => this.#inputs.has(name));
    const sent = Object.fromEntries(used.map(([name, feed]) => [name, this.#ready(name, feed)]));
    const recycle = Object.keys(sent).filter((name) => this.#isOwn(name, sent[name]));
    const transfer = recycle.flatMap((name) => (sent[name] ? [sent[name].buffer as ArrayBuffer] : []));
    const request = { type: "run", session: this.#id, feeds: sent, recycle } as const;
    const { outputs, recycled } = await this.#line.ask(request, transfer);
    for (const [name, buffer] of Object.entries(recycled)) {
      const buffers = this.#recycled.get(name);
      if (buffers) buffers.push(buffer);
      else this.#recycled.set(name, [buffer]);
    }
    return outputs;
  }

  async close(): Promise<void> {
    this.#recycled.clear();
    // A thread that has died took the session with it; the error that ended it is the one to tell.
    await this.#line.ask({ type: "release", session: this.#id }).catch(() => {});
  }

  readonly #isOwn = (name: string, feed: Float32Array | undefined): boolean =>
    feed !== undefined && this.#made.get(feed) === name;

  /** The feed as it is sent: a buffer of ours, a copy in one where it is large, or itself, to be copied on the way. */
  #ready(name: string, feed: Float32Array): Float32Array {
    if (this.#isOwn(name, feed)) return feed;
    if (feed.byteLength < largeBytes) return isWhole(feed) ? feed : feed.slice();
    const copy = this.buffer(name);
    copy.set(feed);
    return copy;
  }
}

/** Sent as a part of its memory, an array would take all of it along; ONNX Runtime refuses shared memory. */
const isWhole = ({ buffer, byteLength }: Float32Array): boolean =>
  buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
