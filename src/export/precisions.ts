/** The table of precisions: the file that each makes, and how. */

import type { OnnxModel } from "../formats/onnx-model.ts";
import type { Ranges } from "./calibration.ts";
import { halve } from "./halve.ts";
import { quantise } from "./quantise.ts";
import { quantiseStatic } from "./quantise-static.ts";

export const precisionNames = ["fp32", "fp16", "int8", "int8-static"] as const;
export type Precision = (typeof precisionNames)[number];

interface Row {
  /** Between the name and the extension, as transformers.js expects. */
  readonly suffix: string;
  /** As transformers.js calls it. */
  readonly dtype: string;
  /** `measure` runs the model on a few images. */
  readonly change: (model: OnnxModel, measure: () => Promise<Ranges>) => OnnxModel | Promise<OnnxModel>;
}

export const precisions: Readonly<Record<Precision, Row>> = {
  fp32: { suffix: "", dtype: "fp32", change: (model) => model },
  fp16: { suffix: "_fp16", dtype: "fp16", change: (model) => halve(model) },
  int8: { suffix: "_quantized", dtype: "q8", change: (model) => quantise(model) },
  "int8-static": {
    suffix: "_int8",
    dtype: "int8",
    change: async (model, measure) => quantiseStatic(model, await measure()),
  },
};
