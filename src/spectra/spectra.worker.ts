/** The worker thread that decomposes matrices, one after the other. */

import { parentPort } from "node:worker_threads";
import type { Matrix } from "./matrix.ts";
import { decompose, type SingularPart, type SvdOptions } from "./svd.ts";

export interface SpectraRequest {
  readonly matrix: Matrix;
  readonly options: SvdOptions;
}

export type SpectraReply =
  | { readonly result: SingularPart; readonly failed?: undefined }
  | { readonly failed: string };

parentPort?.on("message", ({ matrix, options }: SpectraRequest) => {
  let reply: SpectraReply;
  try {
    reply = { result: decompose(matrix, options) };
  } catch (error) {
    reply = { failed: error instanceof Error ? error.message : String(error) };
  }
  parentPort?.postMessage(reply);
});
