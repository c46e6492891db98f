/** The table of targets: what each is made of, and in which runtime it is compared. */

import type { Step } from "../preprocessing/steps.ts";
import { writeOnnxFiles } from "./onnx-files.ts";
import type { OpenedExport } from "./open-export.ts";
import type { OwnResize } from "./own-pixels.ts";
import { writePeftFolder } from "./peft-folder.ts";
import type { Precision } from "./precisions.ts";
import type { Candidate } from "./proof.ts";
import { writePlainModel } from "./safetensors-folder.ts";
import { writeTimmModel } from "./timm-folder.ts";
import type { WeightsPlace } from "./write-onnx.ts";

export interface ExportParts
  extends Pick<OpenedExport, "opened" | "engine" | "store" | "measure" | "measured"> {
  readonly threads?: number | undefined;
  readonly precisions: readonly Precision[];
  readonly weights: WeightsPlace;
  readonly preprocessInside: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** A file that was written and is still to be compared. */
export interface Written {
  /** Below the folder. */
  readonly file: string;
  readonly precision: Precision;
  readonly runtime: string;
  /** Whether it computes the same but for rounding; otherwise it may differ. */
  readonly isExact: boolean;
  readonly open: () => Promise<Candidate>;
  /** All that belongs to it, to be removed where it is not kept. */
  readonly files: readonly string[];
}

export interface WrittenFolder {
  readonly written: readonly Written[];
  /** What the target does to images where it prepares them itself in another way: measured on the first file. */
  readonly own?: OwnResize;
  /** What cannot be the same there, and why. */
  readonly notes: readonly string[];
  /** The steps that the target takes, where they are not those of the model. */
  readonly steps?: readonly Step[];
}

export interface Target {
  /** For the card. */
  readonly library: string;
  readonly title: string;
  readonly precisions: readonly Precision[];
  readonly weights: WeightsPlace;
  readonly preprocessInside: boolean;
  /** Whether it holds a graph, which any method has, or weights. */
  readonly holds: "graph" | "weights";
  /** Whether these are those of a plain Vision Transformer alone. */
  readonly plainOnly?: true;
  readonly write: (folder: string, parts: ExportParts) => Promise<WrittenFolder>;
  /** A line or some of code, for the card. */
  readonly usage: string;
}

export const targetNames = [
  "onnx",
  "transformers.js",
  "safetensors",
  "timm",
  "peft",
  "openvino-ready",
] as const;
export type TargetName = (typeof targetNames)[number];

const graph = { holds: "graph", weights: "inside", preprocessInside: false } as const;
const weights = {
  holds: "weights",
  weights: "inside",
  preprocessInside: false,
  precisions: ["fp32"],
} as const;

export const targets: Readonly<Record<TargetName, Target>> = {
  onnx: {
    ...{ ...graph, library: "onnx", title: "ONNX", precisions: ["fp32"] },
    write: (folder, parts) => writeOnnxFiles(folder, parts, { below: "", arithmetic: "float64" }),
    usage: `session = onnxruntime.InferenceSession("model.onnx")
logits = session.run(["logits"], {"pixel_values": pixels})[0]`,
  },
  "transformers.js": {
    ...{ ...graph, library: "transformers.js", title: "transformers.js" },
    ...{ precisions: ["fp32", "fp16", "int8"], preprocessInside: true },
    write: (folder, parts) =>
      writeOnnxFiles(folder, parts, { below: "onnx", arithmetic: "float32", forTransformersJs: true }),
    usage: `const classify = await pipeline("image-classification", "PATH OR HUB ID");
await classify("photo.jpg", { top_k: 3 });`,
  },
  safetensors: {
    ...{ ...weights, library: "transformers", title: "Hugging Face transformers" },
    write: writePlainModel,
    usage: `classify = transformers.pipeline("image-classification", "PATH OR HUB ID")
classify("photo.jpg")`,
  },
  timm: {
    ...{ ...weights, library: "timm", title: "timm", plainOnly: true },
    write: writeTimmModel,
    usage: `model = timm.create_model("local-dir:PATH", pretrained=True).eval()
transform = timm.data.create_transform(**timm.data.resolve_model_data_config(model))`,
  },
  peft: {
    ...{ ...weights, library: "peft", title: "peft", plainOnly: true },
    write: writePeftFolder,
    usage: `base = ViTForImageClassification.from_pretrained("ITS BASE", num_labels=CLASSES)
model = PeftModel.from_pretrained(base, "PATH OR HUB ID").eval()`,
  },
  "openvino-ready": {
    ...{ ...graph, library: "openvino", title: "OpenVINO", precisions: ["fp32"] },
    write: (folder, parts) => writeOnnxFiles(folder, parts, { below: "", arithmetic: "float32" }),
    usage: `model = openvino.Core().compile_model("model.onnx", "CPU")
logits = model({"pixel_values": pixels})["logits"]`,
  },
};
