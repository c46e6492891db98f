/** ONNX Runtime for Node: one worker thread, because its run() blocks whatever thread calls it. */

import { availableParallelism, cpus } from "node:os";
import { dirname, relative, resolve, sep } from "node:path";
import type { Worker } from "node:worker_threads";
import { EngineError } from "../errors.ts";
import { isStored } from "../formats/tensor.ts";
import { toOnnx } from "../graph/onnx.ts";
import { type Graph, inOrder, inputsOf } from "../graph/value.ts";
import { spawnWorker } from "../spawn-worker.ts";
import { type Arrays, checkFeeds, type Engine, type RunOptions, type Session } from "./engine.ts";
import { fitProducts } from "./fit-products.ts";
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
  const bytes = toOnnx(fitProducts(graph), { locate });
  const shapes = Object.fromEntries([...inputs].map(([name, { shape }]) => [name, shape]));
  const request = { type: "compile", bytes, folder, threads, shapes } as const;
  const { session } = await line.ask(request, [bytes.buffer as ArrayBuffer]);
  const run = async (feeds: Arrays, { handOver = [], giveBack }: RunOptions = {}) => {
    checkFeeds(inputs, feeds);
    const used = Object.fromEntries(Object.entries(feeds).filter(([name]) => inputs.has(name)));
    const moved = handOver.flatMap((name) => (used[name] ? [used[name].buffer as ArrayBuffer] : []));
    const reply = await line.ask({ type: "run", session, feeds: used, back: giveBack ? handOver : [] }, [
      ...new Set(moved),
    ]);
    giveBack?.(reply.spent);
    return reply.outputs;
  };
  const close = async () => {
    // A thread that has died took the session with it; the error that ended it is the one to tell.
    await line.ask({ type: "release", session }, []).catch(() => {});
  };
  return { run, close };
}

/** The deepest folder above every weight file: ONNX Runtime resolves external data in one folder. */
function externalFolder(graph: Graph): string | undefined {
  let folder: string | undefined;
  for (const value of inOrder(Object.values(graph.outputs))) {
    if (value.kind !== "constant" || !isStored(value.weight)) continue;
    const path = resolve(value.weight.path);
    folder ??= dirname(path);
    while (!path.startsWith(folder.endsWith(sep) ? folder : folder + sep)) {
      const above = dirname(folder);
      if (above === folder)
        throw new EngineError(`ONNX Runtime needs all weights on one drive; ${path} is not on ${folder}.`);
      folder = above;
    }
  }
  return folder;
}

type ReplyTo<R extends Request> = Extract<Reply, { type: R["type"] }>;
interface Waiting {
  readonly resolve: (reply: Reply) => void;
  readonly reject: (error: Error) => void;
}

/** A minute: longer than any step, so that an exit never waits for ever. */
const exitPatienceMs = 60_000;

/** Questions to the worker and their answers, matched by number; the worker starts at the first question. */
class WorkerLine {
  private worker: Worker | undefined;
  private readonly waiting = new Map<number, Waiting>();
  private asked = 0;
  private closed = false;
  /** Settles when everything asked so far is answered. */
  private answered: Promise<void> = Promise.resolve();
  /** How many questions the worker still has to answer, seen by both threads. */
  private open = new Int32Array(new SharedArrayBuffer(4));

  ask<R extends Request>(request: R, transfer: readonly ArrayBuffer[]): Promise<ReplyTo<R>> {
    const id = this.asked++;
    const answer = new Promise<ReplyTo<R>>((resolve, reject) => {
      if (this.closed) throw new EngineError("ONNX Runtime: the engine is closed.");
      this.worker ??= this.start();
      this.worker.postMessage({ id, ...request }, [...transfer]);
      Atomics.add(this.open, 0, 1);
      // The process stays alive for an answer, not for an idle engine.
      this.worker.ref();
      this.waiting.set(id, { resolve: (reply) => resolve(reply as ReplyTo<R>), reject });
    });
    this.answered = Promise.allSettled([this.answered, answer]).then(() => {});
    return answer;
  }

  /** Waits for what is under way: ended amid a run, ONNX Runtime's binding aborts the whole process. */
  async close(): Promise<void> {
    this.closed = true;
    await this.answered;
    await this.worker?.terminate();
  }

  private start(): Worker {
    // Since 1.29 ONNX Runtime's builds report to Microsoft unless this is set before they load. The machine's facts that
    // they gather for it also overflow the thread's stack where the command line is long.
    process.env.ORT_DISABLE_TELEMETRY ??= "1";
    const open = new Int32Array(new SharedArrayBuffer(4));
    this.open = open;
    const worker = spawnWorker(new URL("./native.worker.ts", import.meta.url), { workerData: open });
    worker.on("message", (reply: Reply & { id: number }) => {
      const waiting = this.waiting.get(reply.id);
      this.waiting.delete(reply.id);
      if (this.waiting.size === 0) worker.unref();
      if (reply.type === "failed") waiting?.reject(new EngineError(`ONNX Runtime: ${reply.message}`));
      else waiting?.resolve(reply);
    });
    // process.exit() ends threads too, so it waits for the run as `close` does, and keeps its exit code.
    const finish = () => {
      for (let count = Atomics.load(open, 0); count > 0; count = Atomics.load(open, 0))
        if (Atomics.wait(open, 0, count, exitPatienceMs) === "timed-out") return;
    };
    process.on("exit", finish);
    const fail = (reason: string) => {
      process.off("exit", finish);
      // After an error comes an exit, which must not fail the questions of a thread started in between.
      if (this.worker !== worker) return;
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
