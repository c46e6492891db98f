/** A graph compiled by ONNX Runtime: large feeds are transferred to its thread, in buffers that are recycled. */

import { InputError } from "../errors.ts";
import { type Graph, type InputValue, inputsOf } from "../graph/value.ts";
import { type Arrays, checkFeeds, inputSize, type Session } from "./engine.ts";
import type { WorkerClient } from "./worker-client.ts";

/** From this size on, copying a feed into a recycled buffer and transferring that is faster than sending a copy. */
const largeBytes = 2 ** 16;

export class OnnxSession implements Session {
  readonly #line: WorkerClient;
  readonly #id: number;
  readonly #inputs: ReadonlyMap<string, InputValue>;
  /** Recycled buffers, by input. */
  readonly #recycled = new Map<string, Float32Array[]>();
  /** The input that each of this session's buffers belongs to. */
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
          `run: an earlier run transferred the buffer of input "${name}". Get another by session.buffer("${name}").`,
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
    // The session died with its thread; the error that ended the thread is the one to report.
    await this.#line.ask({ type: "release", session: this.#id }).catch(() => {});
  }

  readonly #isOwn = (name: string, feed: Float32Array | undefined): boolean =>
    feed !== undefined && this.#made.get(feed) === name;

  /** The feed as it is sent: a recycled buffer, a copy in one if it is large, or itself, to be copied when sent. */
  #ready(name: string, feed: Float32Array): Float32Array {
    if (this.#isOwn(name, feed)) return feed;
    if (feed.byteLength < largeBytes) return isWhole(feed) ? feed : feed.slice();
    const copy = this.buffer(name);
    copy.set(feed);
    return copy;
  }
}

/** Only arrays that own their whole buffer can be transferred; ONNX Runtime refuses shared memory. */
const isWhole = ({ buffer, byteLength }: Float32Array): boolean =>
  buffer instanceof ArrayBuffer && buffer.byteLength === byteLength;
