/** Writes a classifier as ONNX files, one per precision, and what tells others its labels and its preprocessing. */

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomically } from "../files/write-file.ts";
import type { OnnxModel } from "../formats/onnx-model.ts";
import type { ModelConfig } from "../model/architectures.ts";
import { renderHuggingFaceSteps } from "../model/render-hugging-face-steps.ts";
import { renderConfig, renderJson } from "../model/write-model.ts";
import { classifierModel } from "./classifier-model.ts";
import { exportFacts, problemOf } from "./export-facts.ts";
import { openOnnxCandidate } from "./onnx-candidate.ts";
import { transformersJsResize } from "./own-pixels.ts";
import { type Precision, precisions } from "./precisions.ts";
import { withPreprocessing } from "./preprocess-nodes.ts";
import type { Arithmetic } from "./resize-nodes.ts";
import type { ExportParts, Written, WrittenFolder } from "./targets.ts";
import { writeOnnx } from "./write-onnx.ts";

interface Place {
  /** The folder of the files, below that of the export. */
  readonly below: string;
  readonly forTransformersJs?: boolean;
  /** Of preprocessing inside: what the runtime has. */
  readonly arithmetic: Arithmetic;
}

export async function writeOnnxFiles(
  folder: string,
  parts: ExportParts,
  { below, forTransformersJs = false, arithmetic }: Place,
): Promise<WrittenFolder> {
  const { opened, preprocessInside, weights, store, threads } = parts;
  const { model, adapter, labels, preprocessing } = opened;
  const whole = await classifierModel(opened, parts);
  await mkdir(join(folder, below), { recursive: true });
  const hasOwnPixels = !preprocessInside || arithmetic === "float64";
  const written: Written[] = [];
  for (const precision of parts.precisions) {
    parts.signal?.throwIfAborted();
    const file = join(below, fileName(precision));
    await writeOnnx(join(folder, file), await prepared(whole, { ...parts, precision, arithmetic }), weights);
    written.push({
      ...{ file, precision, runtime: "ONNX Runtime", isExact: precision === "fp32" && hasOwnPixels },
      files: weights === "beside" ? [file, `${file}_data`] : [file],
      open: () =>
        openOnnxCandidate(join(folder, file), { threads, store: preprocessInside ? store : undefined }),
    });
  }
  const config = {
    ...graphConfig(adapter?.config ?? model.config, { labels, ...problemOf(opened) }),
    ...(forTransformersJs && {
      "transformers.js_config": {
        // Where nothing is asked for, the exact file: a browser would take the smallest.
        dtype: precisions[parts.precisions.includes("fp32") ? "fp32" : (parts.precisions[0] ?? "fp32")].dtype,
        ...(weights === "beside" && { use_external_data_format: true }),
      },
    }),
  };
  await writeFileAtomically(join(folder, "config.json"), renderJson(config));
  const steps = preprocessInside ? noSteps(preprocessing) : renderHuggingFaceSteps(preprocessing);
  await writeFileAtomically(join(folder, "preprocessor_config.json"), renderJson(steps));
  const notes = [
    ...(forTransformersJs && !preprocessInside ? [ownResize] : []),
    ...(preprocessInside && arithmetic === "float32" ? [nearPixels] : []),
    ...(parts.precisions.includes("int8-static") ? [parts.measured] : []),
  ];
  return { written, notes, ...(forTransformersJs && !preprocessInside && { own: transformersJsResize }) };
}

const fileName = (precision: Precision): string => `model${precisions[precision].suffix}.onnx`;

interface PreparedParts extends ExportParts, Pick<Place, "arithmetic"> {
  readonly precision: Precision;
}

async function prepared(
  whole: OnnxModel,
  { precision, opened, preprocessInside, measure, arithmetic }: PreparedParts,
): Promise<OnnxModel> {
  const model = await precisions[precision].change(whole, () => measure(whole));
  const inside = preprocessInside ? withPreprocessing(model, opened.preprocessing, { arithmetic }) : model;
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

const nearPixels =
  "Preprocessing inside computes in float32, as this runtime has no float64: one number of a pixel in some thousands differs by one of 255.";

const ownResize =
  "transformers.js resizes in its own way, in Node and in browsers each in another, so its pixels are not those of training. With preprocessing inside the graph they are.";

/** Model types whose class for images only runs the graph that it finds. */
const runsAnyGraph: readonly unknown[] = ["vit", "deit", "beit", "dinov2", "dinov2_with_registers"];

/** config.json beside a graph: readers of ONNX ask it for labels and for a class, and a class of images will run any graph. */
function graphConfig(
  config: ModelConfig,
  facts: Parameters<typeof renderConfig>[1],
): Readonly<Record<string, unknown>> {
  const { backbone: _, vision_config: __, ...rest } = renderConfig(config, facts);
  if (runsAnyGraph.includes(rest.model_type)) return rest;
  const { imageSize } = config;
  const image_size = imageSize[0] === imageSize[1] ? imageSize[0] : imageSize;
  return { ...rest, architectures: ["ViTForImageClassification"], image_size, model_type: "vit" };
}
