/** The thread that holds ONNX Runtime sessions and answers for them. */

import { parentPort, workerData } from "node:worker_threads";
import type * as Ort from "onnxruntime-node";
import type { Shape } from "../formats/tensor.ts";
import type { Arrays } from "./engine.ts";

export type Request =
  | {
      readonly type: "compile";
      readonly bytes: Uint8Array;
      readonly folder: string | undefined;
      readonly threads: number;
      readonly shapes: Readonly<Record<string, Shape>>;
    }
  | {
      readonly type: "run";
      readonly session: number;
      readonly feeds: Arrays;
      readonly back: readonly string[];
    }
  | { readonly type: "release"; readonly session: number };

export type Reply =
  | { readonly type: "compile"; readonly session: number }
  | { readonly type: "run"; readonly outputs: Record<string, Float32Array>; readonly spent: Arrays }
  | { readonly type: "release" }
  | { readonly type: "failed"; readonly message: string };

interface Held {
  readonly session: Ort.InferenceSession;
  readonly shapes: Readonly<Record<string, Shape>>;
}

/** By the number of the request that compiled it, which no later thread of the same engine uses again. */
const held = new Map<number, Held>();
// onnxruntime-node is CommonJS behind getters, which only its default export shows to every loader.
const loading = import("onnxruntime-node").then((module) => (module.default ?? module) as typeof Ort);

async function answer(request: Request, id: number): Promise<{ reply: Reply; transfer?: ArrayBuffer[] }> {
  const ort = await loading;
  if (request.type === "compile") {
    const session = await ort.InferenceSession.create(request.bytes, optionsOf(request));
    held.set(id, { session, shapes: request.shapes });
    return { reply: { type: "compile", session: id } };
  }
  const target = held.get(request.session);
  if (!target) throw new Error("the session is closed.");
  if (request.type === "release") {
    held.delete(request.session);
    await target.session.release();
    return { reply: { type: "release" } };
  }
  const feeds = Object.fromEntries(
    Object.entries(request.feeds).map(([name, data]) => [
      name,
      new ort.Tensor("float32", data, target.shapes[name]),
    ]),
  );
  const results = await target.session.run(feeds);
  const outputs = Object.fromEntries(
    Object.entries(results).map(([name, tensor]) => [name, tensor.data as Float32Array]),
  );
  const spent = Object.fromEntries(
    request.back.flatMap((name) => (request.feeds[name] ? [[name, request.feeds[name]]] : [])),
  );
  const transfer = [...Object.values(outputs), ...Object.values(spent)].map(
    (data) => data.buffer as ArrayBuffer,
  );
  return { reply: { type: "run", outputs, spent }, transfer: [...new Set(transfer)] };
}

function optionsOf({
  folder,
  threads,
}: Extract<Request, { type: "compile" }>): Ort.InferenceSession.SessionOptions {
  return {
    intraOpNumThreads: threads,
    logSeverityLevel: 4,
    extra: {
      // It would undo what fit-products.ts does: turning a matrix before a product that would turn it again and again.
      optimization: { disable_specified_optimizers: "GemmTransposeFusion" },
      session: {
        // One setting everywhere: with prepacking, results differ in the last bits and weights are held twice.
        disable_prepacking: "1",
        ...(folder === undefined ? {} : { model_external_initializers_file_folder_path: folder }),
      },
    },
  };
}

async function reply({ id, ...request }: Request & { id: number }): Promise<void> {
  try {
    const { reply, transfer = [] } = await answer(request, id);
    parentPort?.postMessage({ id, ...reply }, transfer);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    parentPort?.postMessage({ id, type: "failed", message });
  }
  const open: Int32Array = workerData;
  Atomics.sub(open, 0, 1);
  Atomics.notify(open, 0);
}

// One after the other: a session asked to run and then to close does both.
let last = Promise.resolve();
parentPort?.on("message", (request: Request & { id: number }) => {
  last = last.then(() => reply(request));
});
