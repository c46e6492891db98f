/** The table of precisions: the file that each makes, and how. */

import type { OnnxModel } from "../formats/onnx-model.ts";
import { halve } from "./halve.ts";
import { quantise } from "./quantise.ts";

export const precisionNames = ["fp32", "fp16", "int8"] as const;
export type Precision = (typeof precisionNames)[number];

interface Row {
  /** Between the name and the extension, as transformers.js expects. */
  readonly suffix: string;
  readonly change: (model: OnnxModel) => OnnxModel;
}

export const precisions: Readonly<Record<Precision, Row>> = {
  fp32: { suffix: "", change: (model) => model },
  fp16: { suffix: "_fp16", change: halve },
  int8: { suffix: "_quantized", change: (model) => quantise(model) },
};
