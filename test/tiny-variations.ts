/** Tiny Vision Transformers beyond the plain one, between them with every variation, as the models that have them combine them. */

import type { VitConfig } from "../src/model/vit.ts";
import { tiny } from "./tiny-vit.ts";

const wide = { ...tiny, width: 16, heads: 2 } as const;

export const tinyVariations: Readonly<Record<string, VitConfig>> = {
  "DINOv2 with registers": { ...tiny, registers: 3, pool: "cls+mean" },
  "DINOv2 with SwiGLU": { ...tiny, gated: true, activation: "silu", pool: "cls+mean" },
  "CLIP's image tower": { ...tiny, embeddingNorm: true, activation: "quick-gelu" },
  "CLIP's classifier": {
    ...{ ...tiny, embeddingNorm: true, activation: "quick-gelu" },
    ...{ pool: "mean", finalNorm: "none" },
  },
  "SigLIP's image tower": { ...tiny, classToken: false, activation: "gelu-tanh", pool: "attention" },
  "SigLIP's classifier": { ...tiny, classToken: false, activation: "gelu-tanh", pool: "mean" },
  "DeiT, distilled": { ...tiny, distillation: true, pool: "cls+distillation" },
  BEiT: { ...tiny, absolutePositions: false, relativeBias: true, pool: "mean", finalNorm: "pooled" },
  "CLIP beside texts": {
    ...{ ...tiny, embeddingNorm: true, activation: "quick-gelu", projection: 5, unitFeature: true },
  },
  DINOv3: { ...wide, registers: 2, absolutePositions: false, rotary: "dinov3" },
  "EVA-02": {
    ...{ ...wide, rotary: "eva02", gated: true, activation: "silu", mlpNorm: true },
    ...{ pool: "mean", finalNorm: "pooled" },
  },
};

/** Every variation in one of four models, whatever is usual: for tests that are repeated for every method. */
export const mixedVariations: Readonly<Record<string, VitConfig>> = {
  "registers, CLS and mean, gated, a norm before": {
    ...{ ...tiny, registers: 3, pool: "cls+mean", gated: true, activation: "silu", embeddingNorm: true },
  },
  "no CLS, attention pooling, GELU by tanh, of length 1": {
    ...{ ...tiny, classToken: false, activation: "gelu-tanh", pool: "attention", unitFeature: true },
  },
  "distillation, relative bias, no positions": {
    ...{
      ...tiny,
      distillation: true,
      pool: "cls+distillation",
      relativeBias: true,
      absolutePositions: false,
    },
  },
  "rotary, a norm inside, mean before the norm": {
    ...{
      ...wide,
      rotary: "eva02",
      mlpNorm: true,
      projection: 5,
      activation: "quick-gelu",
      pool: "mean",
      finalNorm: "pooled",
    },
  },
};
