/** In what a model differs from the plain ViT: by its tensors, by its configuration, else by what its project always does. */

import type { ActivationName } from "./activations.ts";
import type { ModelHints } from "./model-hints.ts";
import type { RotaryName } from "./rotary.ts";
import type { VitConfig, VitVariations } from "./vit-config.ts";
import type { VitPlan } from "./weight-plan.ts";

export function variationsOf(plan: VitPlan, hints: ModelHints): VitVariations {
  const activation = activationOf(plan, hints);
  const rotary = rotaryOf(plan, hints);
  return {
    ...plan.variations,
    ...(activation !== "gelu" && { activation }),
    ...(rotary && { rotary }),
  };
}

function activationOf({ scheme, variations }: VitPlan, { activation }: ModelHints): ActivationName {
  return activation ?? (variations.gated ? "silu" : scheme.presets?.activation) ?? "gelu";
}

/** Weights that have no positions at all must be rotated. EVA-02 alone has positions, but of q, k and v no bias of k. */
function rotaryOf({ scheme, variations, origins }: VitPlan, { rotary }: ModelHints): RotaryName | undefined {
  if (rotary === "none") return undefined;
  const preset = rotary ?? scheme.presets?.rotary;
  if (preset !== undefined || variations.relativeBias) return preset;
  if (variations.absolutePositions === false) return "dinov3";
  const hasBias = (role: string) => origins.get(`blocks.0.${role}.bias`) !== undefined;
  return scheme.title === "timm" && hasBias("q") && !hasBias("k") ? "eva02" : undefined;
}

/** Activations in words. */
export const activationTitles: Readonly<Record<ActivationName, string>> = {
  gelu: "exact GELU",
  "gelu-tanh": "GELU by tanh",
  "quick-gelu": "QuickGELU",
  silu: "SiLU",
};

const poolTitles = {
  cls: "the CLS token",
  mean: "the mean of the patches",
  "cls+mean": "CLS and the mean of the patches",
  "cls+distillation": "the CLS and distillation tokens",
  attention: "what attention gathers",
} as const;

/** What weights do not show, in words. */
export const describeUnseen = ({
  activation = "gelu",
  rotary,
  pool = "cls",
}: VitConfig): readonly string[] => [
  activationTitles[activation],
  "norms before attention and MLP",
  ...(rotary ? [`the rotary positions of ${rotary === "dinov3" ? "DINOv3" : "EVA-02"}`] : []),
  `a head that reads ${poolTitles[pool]}`,
];

/** In what a model differs from the plain ViT, in words; empty where in nothing. */
export const describeVariations = (config: VitConfig): readonly string[] => [
  ...(config.classToken === false ? ["no CLS token"] : []),
  ...(config.distillation ? ["a distillation token"] : []),
  ...(config.registers ? [`${config.registers} registers`] : []),
  ...(config.rotary ? [`rotary positions (${config.rotary === "dinov3" ? "DINOv3" : "EVA-02"})`] : []),
  ...(config.relativeBias ? ["relative position bias"] : []),
  ...(config.embeddingNorm ? ["a norm before the blocks"] : []),
  ...(config.gated ? ["gated MLP"] : []),
  ...(config.activation ? [activationTitles[config.activation]] : []),
  ...(config.mlpNorm ? ["a norm inside the MLP"] : []),
  ...(config.pool ? [`a head that reads ${poolTitles[config.pool]}`] : []),
  ...(config.projection ? [`a projection to ${config.projection} columns`] : []),
  ...(config.unitFeature ? ["features of length 1"] : []),
];
