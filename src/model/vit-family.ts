/** The family of Vision Transformers. */

import type { Family } from "./family.ts";
import { readHuggingFaceVit, vitModelTypes } from "./hugging-face-vit.ts";
import { configureVit, type ModelHints } from "./model-hints.ts";
import { namingSchemes } from "./names.ts";
import { resizeVit } from "./resize-vit.ts";
import { readTimmVit } from "./timm-vit.ts";
import { vitVariants } from "./variants.ts";
import { vit } from "./vit.ts";
import { unseenFields, type VitConfig, vitConfigFlaw, vitConfigSchema } from "./vit-config.ts";
import { describeVariations } from "./vit-variations.ts";
import { planVit, type VitPlan } from "./weight-plan.ts";
import { renderVitConfig, renderVitWeights } from "./write-vit.ts";

function factsOf(config: VitConfig): readonly (readonly [string, string | number])[] {
  const { depth, width, heads, mlpWidth, imageSize, patchSize, layerNormEps } = config;
  const variations = describeVariations(config);
  return [
    ["blocks", `${depth} of width ${width}, ${heads} heads, MLP of ${mlpWidth}`],
    ["images", `${imageSize.join(" x ")} pixels in patches of ${patchSize}`],
    ["norm epsilon", layerNormEps],
    ...(variations.length > 0 ? [["differs by", variations.join(", ")] as const] : []),
  ];
}

export const vitFamily: Family<VitConfig, ModelHints, VitPlan> = {
  name: "vit",
  title: "Vision Transformer",
  schema: vitConfigSchema,
  flaw: vitConfigFlaw,
  backbone: vit,
  unseen: unseenFields,
  facts: factsOf,
  describe: ({ depth, width, patchSize }) =>
    `${depth} blocks of width ${width}, patches of ${patchSize} x ${patchSize} pixels`,
  variants: vitVariants,
  modelTypes: vitModelTypes,
  readHuggingFace: readHuggingFaceVit,
  isTimm: () => true,
  readTimm: readTimmVit,
  sources: namingSchemes.map(({ title }) => title),
  plan: planVit,
  configure: configureVit,
  resize: resizeVit,
  renderConfig: renderVitConfig,
  renderWeights: renderVitWeights,
};
