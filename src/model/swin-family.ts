/** The families of Swin and SwinV2. */

import type { Weights } from "../formats/tensor.ts";
import type { Family, Resized, ResizeOptions } from "./family.ts";
import { checkImageSize } from "./model-hints.ts";
import { swin } from "./swin.ts";
import { type SwinConfig, swinConfigFlaw, swinConfigSchema } from "./swin-config.ts";
import {
  configureSwin,
  isTimmSwin,
  readHuggingFaceSwin,
  readTimmSwin,
  type SwinHints,
} from "./swin-hints.ts";
import { swinNamings } from "./swin-names.ts";
import { planSwin, type SwinPlan } from "./swin-plan.ts";
import { swinV2Variants, swinVariants } from "./swin-variants.ts";
import { renderSwinConfig, renderSwinWeights } from "./write-swin.ts";

type Swins = Family<SwinConfig, SwinHints, SwinPlan>;

const familyOf = (
  name: SwinConfig["family"],
  { title, variants }: Pick<Swins, "title" | "variants">,
): Swins => ({
  ...{ name, title, variants, schema: swinConfigSchema(name), flaw: swinConfigFlaw, backbone: swin },
  unseen: ["layerNormEps", "windows", "pretrainedWindows"],
  facts: ({ depths, width, stageHeads, windows, mlpRatio, imageSize, patchSize, layerNormEps }) => [
    ["blocks", `${depths.join(", ")} in ${depths.length} stages`],
    ["widths", `${depths.map((_, stage) => width * 2 ** stage).join(", ")}, MLPs ${mlpRatio} times wider`],
    ["heads", stageHeads.join(", ")],
    ["windows", `${windows.join(", ")} tokens a side`],
    ["images", `${imageSize.join(" x ")} pixels in patches of ${patchSize}`],
    ["norm epsilon", layerNormEps],
  ],
  describe: ({ depths, width, patchSize }) =>
    `${depths.join(", ")} blocks of a Swin, the first of width ${width}, patches of ${patchSize} x ${patchSize} pixels`,
  modelTypes: [name],
  readHuggingFace: readHuggingFaceSwin,
  isTimm: isTimmSwin(name),
  readTimm: readTimmSwin,
  sources: [...new Set(swinNamings.filter(({ family }) => family === name).map((naming) => naming.title))],
  plan: planSwin(name),
  configure: configureSwin(name),
  resize: resizeSwin,
  renderConfig: renderSwinConfig,
  renderWeights: renderSwinWeights,
});

export const swinFamily = familyOf("swin", { title: "Swin Transformer", variants: swinVariants });
export const swinV2Family = familyOf("swinv2", { title: "SwinV2 Transformer", variants: swinV2Variants });

/** Positions are relative, so they stay; where windows do not tile a stage, zeros fill it up. */
async function resizeSwin(
  { config, weights }: { readonly config: SwinConfig; readonly weights: Weights },
  { imageSize }: ResizeOptions,
): Promise<Resized<SwinConfig>> {
  const size = checkImageSize(imageSize, config.patchSize);
  const uneven = config.windows.some((side, stage) =>
    size.some((pixels) => {
      const tokens = Math.ceil(pixels / config.patchSize / 2 ** stage);
      return tokens > side && tokens % side !== 0;
    }),
  );
  const notes = uneven
    ? [
        `Windows do not tile images of ${size.join(" x ")} pixels; zeros fill the last ones up, as in transformers.`,
      ]
    : [];
  return { config: { ...config, imageSize: size }, weights, notes };
}
