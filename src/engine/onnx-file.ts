/** Runs an ONNX file as any other program would: by its path, with ONNX Runtime's own settings. */

import type { Shape } from "../formats/tensor.ts";
import { chooseThreads } from "./thread-quota.ts";
import { WorkerClient } from "./worker-client.ts";

/** float32 numbers and their shape, by the name of an input. */
export type FileFeeds = Readonly<Record<string, { readonly data: Float32Array; readonly shape: Shape }>>;

export interface OnnxFile extends AsyncDisposable {
  /** All outputs, by name. */
  run(feeds: FileFeeds): Promise<Readonly<Record<string, Float32Array>>>;
  close(): Promise<void>;
}

/** Opens the file at `path` in a thread of its own. */
export async function openOnnxFile(
  path: string,
  { threads }: { readonly threads?: number | undefined } = {},
): Promise<OnnxFile> {
  const line = new WorkerClient();
  const close = () => line.close();
  try {
    const { session } = await line.ask({
      type: "open",
      model: path,
      threads: chooseThreads(threads).threads,
    });
    return {
      run: async (feeds) =>
        (await line.ask({ type: "infer", session, feeds })).outputs as Record<string, Float32Array>,
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
