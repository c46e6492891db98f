/** Writes a classifier as ONNX files, one per precision, and what tells others its labels and its preprocessing. */

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomically } from "../files/write-file.ts";
import type { OnnxModel } from "../formats/onnx-model.ts";
import { renderHuggingFaceSteps } from "../model/render-hugging-face-steps.ts";
import { renderConfig, renderJson } from "../model/write-model.ts";
import { classifierModel } from "./classifier-model.ts";
import { exportFacts } from "./export-facts.ts";
import { openOnnxCandidate } from "./onnx-candidate.ts";
import { type Precision, precisions } from "./precisions.ts";
import { withPreprocessing } from "./preprocess-nodes.ts";
import type { ExportParts, Written, WrittenFolder } from "./targets.ts";
import { writeOnnx } from "./write-onnx.ts";

interface Place {
  /** The folder of the files, below that of the export. */
  readonly below: string;
  readonly forTransformersJs?: boolean;
}

export async function writeOnnxFiles(
  folder: string,
  parts: ExportParts,
  { below, forTransformersJs = false }: Place,
): Promise<WrittenFolder> {
  const { opened, preprocessInside, weights, store, threads } = parts;
  const { model, adapter, labels, preprocessing } = opened;
  const whole = await classifierModel(opened, parts);
  await mkdir(join(folder, below), { recursive: true });
  const written: Written[] = [];
  for (const precision of parts.precisions) {
    parts.signal?.throwIfAborted();
    const file = join(below, fileName(precision));
    await writeOnnx(join(folder, file), prepared(whole, { ...parts, precision }), weights);
    written.push({
      ...{ file, precision, runtime: "ONNX Runtime", isExact: precision === "fp32" },
      files: weights === "beside" ? [file, `${file}_data`] : [file],
      open: () =>
        openOnnxCandidate(join(folder, file), { threads, store: preprocessInside ? store : undefined }),
    });
  }
  const config = {
    ...renderConfig(adapter?.config ?? model.config, labels),
    ...(forTransformersJs && {
      "transformers.js_config": {
        // Where nothing is asked for, the exact file: a browser would take the smallest.
        dtype: parts.precisions[0] === "fp32" ? "fp32" : dtypes[parts.precisions[0] ?? "fp32"],
        ...(weights === "beside" && { use_external_data_format: true }),
      },
    }),
  };
  await writeFileAtomically(join(folder, "config.json"), renderJson(config));
  const steps = preprocessInside ? noSteps(preprocessing) : renderHuggingFaceSteps(preprocessing);
  await writeFileAtomically(join(folder, "preprocessor_config.json"), renderJson(steps));
  return { written, notes: forTransformersJs && !preprocessInside ? [ownResize] : [] };
}

/** As transformers.js calls them. */
const dtypes: Readonly<Record<Precision, string>> = { fp32: "fp32", fp16: "fp16", int8: "q8" };

const fileName = (precision: Precision): string => `model${precisions[precision].suffix}.onnx`;

function prepared(
  whole: OnnxModel,
  { precision, opened, preprocessInside }: ExportParts & { readonly precision: Precision },
): OnnxModel {
  const model = precisions[precision].change(whole);
  const inside = preprocessInside ? withPreprocessing(model, opened.preprocessing) : model;
  return { ...inside, metadata: exportFacts(opened, { precision, preprocessInside }) };
}

/** For an image processor that is to leave all to the graph; what the graph does is kept for people. */
const noSteps = (steps: ExportParts["opened"]["preprocessing"]) => ({
  image_processor_type: "ViTImageProcessor",
  ...{
    do_convert_rgb: true,
    do_resize: false,
    do_center_crop: false,
    do_rescale: false,
    do_normalize: false,
  },
  rlrr_steps_inside: steps,
});

const ownResize =
  "transformers.js resizes in its own way, in Node and in browsers each in another, so its pixels are not those of training. With preprocessing inside the graph they are.";
