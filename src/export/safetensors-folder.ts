/** Writes the merged weights as a folder in Hugging Face's classic format. */

import { mergeAdapter } from "../adapter/merge.ts";
import type { Weights } from "../formats/tensor.ts";
import { readModel } from "../model/read-model.ts";
import { hasClass, rlrrAlone, writeModelFiles } from "../model/write-model.ts";
import { problemOf } from "./export-facts.ts";
import { openModelCandidate } from "./model-candidate.ts";
import { torchvisionResize } from "./own-pixels.ts";
import type { ExportParts, WrittenFolder } from "./targets.ts";

/** The weights of a plain Vision Transformer that answers as base and adapter do. */
export const mergedWeights = ({ opened: { model, adapter }, engine }: ExportParts): Promise<Weights> =>
  adapter ? mergeAdapter(model, adapter, engine) : Promise.resolve(model.weights);

export async function writePlainModel(folder: string, parts: ExportParts): Promise<WrittenFolder> {
  const { model, adapter, labels, preprocessing } = parts.opened;
  const weights = await mergedWeights(parts);
  const config = adapter?.config ?? model.config;
  await writeModelFiles(folder, { config, weights, labels, preprocessing, ...problemOf(parts.opened) });
  return {
    written: [
      {
        ...{ file: "model.safetensors", precision: "fp32", runtime: "rlrr's own reader", isExact: true },
        files: ["model.safetensors"],
        open: async () => openModelCandidate(await readModel(folder), parts),
      },
    ],
    ...(hasClass(config) ? { own: torchvisionResize, notes: [ownProcessor] } : { notes: [rlrrAlone] }),
  };
}

const ownProcessor =
  "transformers resizes by torchvision unless told otherwise, which rounds in another way than Pillow, as training did. ViTImageProcessorPil gives the same pixels.";
