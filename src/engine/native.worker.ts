/** The thread that holds ONNX Runtime sessions and answers for them. */

import { parentPort } from "node:worker_threads";
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
  | { readonly type: "run"; readonly session: number; readonly feeds: Arrays }
  | { readonly type: "release"; readonly session: number };

export type Reply =
  | { readonly type: "compile"; readonly session: number }
  | { readonly type: "run"; readonly outputs: Record<string, Float32Array> }
  | { readonly type: "release" }
  | { readonly type: "failed"; readonly message: string };

interface Held {
  readonly session: Ort.InferenceSession;
  readonly shapes: Readonly<Record<string, Shape>>;
}

const held: Held[] = [];
// onnxruntime-node is CommonJS behind getters, which only its default export shows to every loader.
const loading = import("onnxruntime-node").then((module) => (module.default ?? module) as typeof Ort);

async function answer(request: Request): Promise<{ reply: Reply; transfer?: ArrayBuffer[] }> {
  const ort = await loading;
  if (request.type === "compile") {
    const session = await ort.InferenceSession.create(request.bytes, optionsOf(request));
    return { reply: { type: "compile", session: held.push({ session, shapes: request.shapes }) - 1 } };
  }
  const target = held[request.session];
  if (!target) throw new Error("the session is closed.");
  if (request.type === "release") {
    delete held[request.session];
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
  return {
    reply: { type: "run", outputs },
    transfer: Object.values(outputs).map((data) => data.buffer as ArrayBuffer),
  };
}

function optionsOf({
  folder,
  threads,
}: Extract<Request, { type: "compile" }>): Ort.InferenceSession.SessionOptions {
  return {
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
    extra: {
      session: {
        // One setting everywhere: with prepacking, results differ in the last bits and weights are held twice.
        disable_prepacking: "1",
        ...(folder === undefined ? {} : { model_external_initializers_file_folder_path: folder }),
      },
    },
  };
}

parentPort?.on("message", async ({ id, ...request }: Request & { id: number }) => {
  try {
    const { reply, transfer = [] } = await answer(request);
    parentPort?.postMessage({ id, ...reply }, transfer);
  } catch (error) {
    parentPort?.postMessage({
      id,
      type: "failed",
      message: error instanceof Error ? error.message : String(error),
    });
  }
});
