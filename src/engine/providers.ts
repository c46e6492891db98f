/** The table of execution providers: what each asks of ONNX Runtime, and how graphs are rewritten for it. */

import type { Graph } from "../graph/value.ts";
import { rewriteForCpu } from "./cpu-rewrites.ts";

export interface Provider {
  /** The same outputs, by ops in the forms that the provider is fastest at. */
  readonly rewrite: (graph: Graph) => Graph;
  readonly settings: ProviderSettings;
}

/** Sent to the thread that opens sessions, so plain data. */
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
        // It would undo what the rewrites do: transposing a matrix before a product that would do it again and again.
        disabledOptimizers: "GemmTransposeFusion",
        // One setting everywhere: with prepacking, results differ in the last bits and weights are held twice.
        config: { "session.disable_prepacking": "1" },
      },
    },
  ],
]);
