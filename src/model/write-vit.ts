/** A Vision Transformer as transformers stores it: its config.json, and the classic names of its weights. */

import type { Weight, Weights } from "../formats/tensor.ts";
import type { VitConfig } from "./vit-config.ts";

export function renderVitWeights(config: VitConfig, weights: Weights): Weights {
  return new Map<string, Weight>(weights);
}

export function renderVitConfig(config: VitConfig): Readonly<Record<string, unknown>> {
  return { model_type: "vit", image_size: config.imageSize };
}
