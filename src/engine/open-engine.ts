/** Opens ONNX Runtime for Node in a worker thread, because its run() blocks the calling thread. */

import { dirname, relative, resolve, sep } from "node:path";
import { setImmediate } from "node:timers/promises";
import { EngineError, InputError } from "../errors.ts";
import { encodeOnnx } from "../formats/onnx-model.ts";
import { isStored } from "../formats/tensor.ts";
import { type Graph, inOrder, inputsOf, type Value } from "../graph/value.ts";
import { limits } from "../limits.ts";
import { needed } from "../needed.ts";
import type { Engine, Session } from "./engine.ts";
import { OnnxSession } from "./onnx-session.ts";
import { type Preparation, providers } from "./providers.ts";
import { chooseThreads } from "./thread-quota.ts";
import { WorkerClient } from "./worker-client.ts";

export interface EngineOptions {
  /** What runs the ops: a row of `providers`. */
  readonly provider?: string | undefined;
  /** Threads inside one op. Default: as many cores as this process may use. */
  readonly threads?: number | undefined;
}

/** Starts ONNX Runtime in a worker thread, which lives until `close`. */
export async function openEngine({ provider = "cpu", threads }: EngineOptions = {}): Promise<Engine> {
  const row = providers.get(provider) ?? refuse(provider);
  const chosen = chooseThreads(threads);
  const line = new WorkerClient();
  const close = () => line.close();
  return {
    name: "onnxruntime-node",
    notes: chosen.notes,
    compile: (graph, { packed = false } = {}) =>
      compile(graph, { line, preparation: packed ? row.packed : row.usual, threads: chosen.threads }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function refuse(provider: string): never {
  throw new InputError(
    (show) =>
      `${show("provider")} must be ${[...providers.keys()].join(" or ")}, got ${JSON.stringify(provider)}. Other execution providers may come in later versions.`,
  );
}

const mostValues = limits.MAX_GRAPH_VALUES.value;

interface Compilation {
  readonly line: WorkerClient;
  readonly preparation: Preparation;
  readonly threads: number;
}

async function compile(
  graph: Graph,
  { line, preparation: { write, settings }, threads }: Compilation,
): Promise<Session> {
  const values = inOrder(Object.values(graph.outputs));
  if (values.length > mostValues)
    throw new EngineError(
      `A graph of ${values.length} values is too large for ONNX Runtime; at most ${mostValues} are prepared in about a minute. Use a model of fewer blocks.`,
    );
  // Building the graph and writing it take a second each where it is this large; an abort signal is checked between them.
  await setImmediate();
  const folder = externalFolder(values);
  const locate = (path: string) =>
    relative(needed(folder, "folder of stored weights"), path).split(sep).join("/");
  const bytes = encodeOnnx(write(graph, { locate }));
  const shapes = Object.fromEntries([...inputsOf(graph)].map(([name, { shape }]) => [name, shape]));
  const request = { type: "compile", bytes, folder, threads, settings, shapes } as const;
  const { session: id } = await line.ask(request, [bytes.buffer as ArrayBuffer]);
  return new OnnxSession({ graph, line, id });
}

/** The deepest folder above every weight file: ONNX Runtime resolves external data in one folder. */
function externalFolder(values: readonly Value[]): string | undefined {
  let folder: string | undefined;
  for (const value of values) {
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
