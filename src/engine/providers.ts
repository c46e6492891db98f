/** The table of execution providers: how each one's models are written, and its session options for ONNX Runtime. */

import type { OnnxModel } from "../formats/onnx-model.ts";
import { fuseNorms } from "../graph/fuse-norms.ts";
import { type OnnxOptions, toOnnxModel } from "../graph/onnx.ts";
import type { Graph } from "../graph/value.ts";
import { rewriteForCpu } from "./cpu-rewrites.ts";

export interface Provider {
  readonly usual: Preparation;
  /** Of graphs whose matrices are constant, and packed once. */
  readonly packed: Preparation;
}

/** How a graph becomes a session. */
export interface Preparation {
  /** The ONNX model that the provider is fastest at, with the same outputs. */
  readonly write: (graph: Graph, options: OnnxOptions) => OnnxModel;
  readonly settings: ProviderSettings;
}

/** Plain data, since it is sent to the worker thread. */
export interface ProviderSettings {
  readonly executionProviders: readonly string[];
  /** Optimizers of ONNX Runtime, separated by semicolons. */
  readonly disabledOptimizers: string;
  /** https://github.com/microsoft/onnxruntime/blob/main/include/onnxruntime/core/session/onnxruntime_session_options_config_keys.h */
  readonly config: Readonly<Record<string, string>>;
}

export const providers: ReadonlyMap<string, Provider> = new Map([
  [
    "cpu",
    {
      usual: {
        write: (graph, options) => toOnnxModel(rewriteForCpu(graph), options),
        settings: {
          executionProviders: ["cpu"],
          // It would undo the rewrites, which transpose a matrix once before a product instead of many times inside it.
          disabledOptimizers: "GemmTransposeFusion",
          // With prepacking, results differ in the last bits and weights are held twice.
          config: { "session.disable_prepacking": "1" },
        },
      },
      // What the rewrites save in each run, packing saves once.
      packed: {
        write: (graph, options) => fuseNorms(toOnnxModel(graph, options)),
        settings: { executionProviders: ["cpu"], disabledOptimizers: "", config: {} },
      },
    },
  ],
]);
