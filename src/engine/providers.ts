/** The table of execution providers: each one's session options for ONNX Runtime, and its graph rewrites. */

import type { Graph } from "../graph/value.ts";
import { rewriteForCpu } from "./cpu-rewrites.ts";

export interface Provider {
  /** Rewrites a graph into the ops that the provider is fastest at, with the same outputs. */
  readonly rewrite: (graph: Graph) => Graph;
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
      rewrite: rewriteForCpu,
      settings: {
        executionProviders: ["cpu"],
        // It would undo the rewrites, which transpose a matrix once before a product instead of many times inside it.
        disabledOptimizers: "GemmTransposeFusion",
        // One setting everywhere: with prepacking, results differ in the last bits and weights are held twice.
        config: { "session.disable_prepacking": "1" },
      },
    },
  ],
]);
