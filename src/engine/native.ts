/** ONNX Runtime for Node: one worker thread, because its run() blocks whatever thread calls it. */

import { availableParallelism, cpus } from "node:os";
import { dirname, relative, sep } from "node:path";
import type { Worker } from "node:worker_threads";
import { EngineError } from "../errors.ts";
import { isStored } from "../formats/tensor.ts";
import { toOnnx } from "../graph/onnx.ts";
import { type Graph, inOrder, inputsOf } from "../graph/value.ts";
import { spawnWorker } from "../spawn-worker.ts";
import { type Arrays, checkFeeds, type Engine, type RunOptions, type Session } from "./engine.ts";
import type { Reply, Request } from "./native.worker.ts";

export interface NativeOptions {
  /** Threads inside one op. Default: what this process may use, by ONNX Runtime's own count where that is all. */
  readonly threads?: number;
}

/** Starts ONNX Runtime in a worker thread that lives until `close`. */
export function nativeEngine({ threads = defaultThreads() }: NativeOptions = {}): Engine {
  const line = new WorkerLine();
  return {
    name: "onnxruntime-node",
    compile: (graph) => compile(graph, line, threads),
    close: () => line.close(),
  };
}

/** 0 leaves the count to ONNX Runtime, which takes physical cores but does not see a container's limit. */
const defaultThreads = (): number => (availableParallelism() < cpus().length ? availableParallelism() : 0);

async function compile(graph: Graph, line: WorkerLine, threads: number): Promise<Session> {
  const inputs = inputsOf(graph);
  const folder = externalFolder(graph);
  const locate = (path: string) =>
    relative(folder ?? "", path)
      .split(sep)
      .join("/");
  const bytes = toOnnx(graph, { locate });
  const shapes = Object.fromEntries([...inputs].map(([name, { shape }]) => [name, shape]));
  const request = { type: "compile", bytes, folder, threads, shapes } as const;
  const { session } = await line.ask(request, [bytes.buffer as ArrayBuffer]);
  const run = async (feeds: Arrays, { handOver = [] }: RunOptions = {}) => {
    checkFeeds(inputs, feeds);
    const used = Object.fromEntries(Object.entries(feeds).filter(([name]) => inputs.has(name)));
    const moved = handOver.flatMap((name) => (used[name] ? [used[name].buffer as ArrayBuffer] : []));
    const reply = await line.ask({ type: "run", session, feeds: used }, [...new Set(moved)]);
    return reply.outputs;
  };
  const close = async () => {
    await line.ask({ type: "release", session }, []);
  };
  return { run, close };
}

/** The deepest folder above every weight file: ONNX Runtime resolves external data in one folder. */
function externalFolder(graph: Graph): string | undefined {
  let folder: string | undefined;
  for (const value of inOrder(Object.values(graph.outputs))) {
    if (value.kind !== "constant" || !isStored(value.weight)) continue;
    const { path } = value.weight;
    folder ??= dirname(path);
    while (!path.startsWith(folder.endsWith(sep) ? folder : folder + sep)) folder = dirname(folder);
  }
  return folder;
}

type ReplyTo<R extends Request> = Extract<Reply, { type: R["type"] }>;
interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

/** Questions to the worker and their answers, matched by number; the worker starts at the first question. */
class WorkerLine {
  private worker: Worker | undefined;
  private readonly waiting = new Map<number, Waiting>();
  private asked = 0;

  ask<R extends Request>(request: R, transfer: readonly ArrayBuffer[]): Promise<ReplyTo<R>> {
    this.worker ??= this.start();
    const { worker } = this;
    const id = this.asked++;
    return new Promise((resolve, reject) => {
      // The process stays alive for an answer, not for an idle engine.
      worker.ref();
      this.waiting.set(id, { resolve: (reply) => resolve(reply as ReplyTo<R>), reject });
      worker.postMessage({ id, ...request }, [...transfer]);
    });
  }

  async close(): Promise<void> {
    await this.worker?.terminate();
    this.worker = undefined;
  }

  private start(): Worker {
    const worker = spawnWorker(new URL("./native.worker.ts", import.meta.url));
    worker.on("message", (reply: Reply & { id: number }) => {
      const waiting = this.waiting.get(reply.id);
      this.waiting.delete(reply.id);
      if (this.waiting.size === 0) worker.unref();
      if (reply.type === "failed") waiting?.reject(new EngineError(`ONNX Runtime: ${reply.message}`));
      else waiting?.resolve(reply);
    });
    const fail = (reason: string) => {
      this.worker = undefined;
      for (const { reject } of this.waiting.values())
        reject(new EngineError(`ONNX Runtime's thread ${reason}.`));
      this.waiting.clear();
    };
    worker.on("error", (error) => fail(`stopped: ${error.message}`));
    worker.on("exit", (code) => fail(`ended with code ${code}`));
    return worker;
  }
}
