/** The worker thread that holds the ONNX Runtime sessions and answers requests. */

import { parentPort, workerData } from "node:worker_threads";
import type * as Ort from "onnxruntime-node";
import type { Shape } from "../formats/tensor.ts";
import type { Arrays } from "./engine.ts";
import type { ProviderSettings } from "./providers.ts";
import { beginWork, endWork } from "./work-flags.ts";

export type Request =
  | {
      readonly type: "compile";
      readonly bytes: Uint8Array;
      /** Where the files of stored weights are. */
      readonly folder: string | undefined;
      readonly threads: number;
      readonly settings: ProviderSettings;
      readonly shapes: Readonly<Record<string, Shape>>;
    }
  | {
      readonly type: "run";
      readonly session: number;
      readonly feeds: Arrays;
      /** Feeds whose buffers are returned to be recycled. */
      readonly recycle: readonly string[];
    }
  | {
      readonly type: "open";
      /** A file's path, or a model's bytes. */
      readonly model: string | Uint8Array;
      readonly threads: number;
    }
  | { readonly type: "infer"; readonly session: number; readonly feeds: ShapedArrays }
  | { readonly type: "release"; readonly session: number };

/** Inputs that may have another shape at every run. */
export type ShapedArrays = Readonly<Record<string, { readonly data: FloatArray; readonly shape: Shape }>>;

/** float32 or float64. */
export type FloatArray = Float32Array | Float64Array;

export type Reply =
  | { readonly type: "compile"; readonly session: number }
  | { readonly type: "run"; readonly outputs: Record<string, Float32Array>; readonly recycled: Arrays }
  | { readonly type: "open"; readonly session: number }
  | { readonly type: "infer"; readonly outputs: Record<string, FloatArray> }
  | { readonly type: "release" }
  | { readonly type: "failed"; readonly message: string };

interface Held {
  readonly session: Ort.InferenceSession;
  readonly shapes: Readonly<Record<string, Shape>>;
}

/** By the number of the request that compiled it, which no later thread of the same engine uses again. */
const held = new Map<number, Held>();

/** onnxruntime-node is CommonJS behind getters, which only its default export shows to every loader. */
async function load(): Promise<typeof Ort> {
  const module = await import("onnxruntime-node");
  return ("default" in module ? module.default : module) as typeof Ort;
}

async function answer(request: Request, id: number): Promise<{ reply: Reply; transfer?: ArrayBuffer[] }> {
  const ort = await load();
  if (request.type === "compile") {
    const session = await ort.InferenceSession.create(request.bytes, optionsOf(request));
    held.set(id, { session, shapes: request.shapes });
    return { reply: { type: "compile", session: id } };
  }
  if (request.type === "open") {
    // As any other program would open it: no setting of ours.
    const { model, threads: intraOpNumThreads } = request;
    const options = { intraOpNumThreads, logSeverityLevel: 4 } as const;
    const session = await (typeof model === "string"
      ? ort.InferenceSession.create(model, options)
      : ort.InferenceSession.create(model, options));
    held.set(id, { session, shapes: {} });
    return { reply: { type: "open", session: id } };
  }
  const target = held.get(request.session);
  if (!target) throw new Error("the session is closed.");
  if (request.type === "run") return run(ort, target, request);
  if (request.type === "infer") return infer(ort, target, request);
  held.delete(request.session);
  await target.session.release();
  return { reply: { type: "release" } };
}

async function run(
  ort: typeof Ort,
  { session, shapes }: Held,
  { feeds, recycle }: Extract<Request, { type: "run" }>,
): Promise<{ reply: Reply; transfer: ArrayBuffer[] }> {
  const tensors = Object.entries(feeds).map(
    ([name, data]) => [name, new ort.Tensor("float32", data, shapes[name])] as const,
  );
  const results = await session.run(Object.fromEntries(tensors));
  const outputs = Object.fromEntries(
    Object.entries(results).map(([name, tensor]) => [name, tensor.data as Float32Array]),
  );
  const recycled = Object.fromEntries(Object.entries(feeds).filter(([name]) => recycle.includes(name)));
  const sent = [...Object.values(outputs), ...Object.values(recycled)];
  const transfer = [...new Set(sent.map(({ buffer }) => buffer as ArrayBuffer))];
  return { reply: { type: "run", outputs, recycled }, transfer };
}

async function infer(
  ort: typeof Ort,
  { session }: Held,
  { feeds }: Extract<Request, { type: "infer" }>,
): Promise<{ reply: Reply; transfer: ArrayBuffer[] }> {
  const tensors = Object.entries(feeds).map(([name, { data, shape }]) => {
    const type = data instanceof Float64Array ? "float64" : "float32";
    return [name, new ort.Tensor(type, data, shape)] as const;
  });
  const results = Object.entries(await session.run(Object.fromEntries(tensors)));
  const outputs = Object.fromEntries(results.map(([name, { data }]) => [name, data as FloatArray]));
  const transfer = [...new Set(Object.values(outputs).map(({ buffer }) => buffer as ArrayBuffer))];
  return { reply: { type: "infer", outputs }, transfer };
}

function optionsOf({
  settings: { executionProviders, disabledOptimizers, config },
  folder,
  threads,
}: Extract<Request, { type: "compile" }>): Ort.InferenceSession.SessionOptions {
  const place =
    folder === undefined ? {} : { "session.model_external_initializers_file_folder_path": folder };
  return {
    executionProviders,
    intraOpNumThreads: threads,
    logSeverityLevel: 4,
    extra: {
      "optimization.disable_specified_optimizers": disabledOptimizers,
      ...config,
      ...place,
    },
  };
}

async function respond({ id, ...request }: Request & { id: number }): Promise<void> {
  const flags: Int32Array = workerData;
  if (!beginWork(flags)) return;
  try {
    const { reply, transfer = [] } = await answer(request, id);
    parentPort?.postMessage({ id, ...reply }, transfer);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    parentPort?.postMessage({ id, type: "failed", message });
  } finally {
    endWork(flags);
  }
}

// One after the other, so that a run is finished before a later request to close.
let last = Promise.resolve();
parentPort?.on("message", (request: Request & { id: number }) => {
  last = last.then(() => respond(request));
});
