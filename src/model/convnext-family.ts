/** The families of ConvNeXt and ConvNeXt V2: their sizes, and how they are read, resized and written. */

import type { Shape, Weight, Weights } from "../formats/tensor.ts";
import { needed } from "../needed.ts";
import { convNext } from "./convnext.ts";
import { type ConvNextConfig, convNextConfigFlaw, convNextConfigSchema } from "./convnext-config.ts";
import {
  type ConvNextHints,
  configureConvNext,
  isTimmConvNext,
  readHuggingFaceConvNext,
  readTimmConvNext,
} from "./convnext-hints.ts";
import { blockPlaces, convNextNamings, huggingFaceConvNext } from "./convnext-names.ts";
import { type ConvNextPlan, planConvNext } from "./convnext-plan.ts";
import type { Family } from "./family.ts";
import { checkImageSize } from "./model-hints.ts";

type ConvNexts = Family<ConvNextConfig, ConvNextHints, ConvNextPlan>;

const familyOf = (
  name: ConvNextConfig["family"],
  { title, variants }: Pick<ConvNexts, "title" | "variants">,
): ConvNexts => ({
  ...{ name, title, variants, backbone: convNext },
  ...{ schema: convNextConfigSchema(name), flaw: convNextConfigFlaw },
  unseen: ["layerNormEps", "lastNormEps"],
  facts: ({ depths, widths, mlpRatio, kernelSize, imageSize, patchSize, layerNormEps }) => [
    ["blocks", `${depths.join(", ")} in ${depths.length} stages`],
    ["widths", `${widths.join(", ")}, MLPs ${mlpRatio} times wider`],
    ["kernels", `${kernelSize} x ${kernelSize}`],
    ["images", `${imageSize.join(" x ")} pixels in patches of ${patchSize}`],
    ["norm epsilon", layerNormEps],
  ],
  describe: ({ depths, widths, patchSize }) =>
    `${depths.join(", ")} blocks of a ConvNeXt, of widths ${widths.join(", ")}, patches of ${patchSize} x ${patchSize} pixels`,
  modelTypes: [name],
  readHuggingFace: readHuggingFaceConvNext,
  isTimm: isTimmConvNext(name),
  readTimm: readTimmConvNext,
  sources: convNextNamings.map((naming) => naming.title),
  plan: planConvNext(name),
  configure: configureConvNext(name),
  resize: async ({ config, weights }, { imageSize }) => ({
    config: { ...config, imageSize: checkImageSize(imageSize, config.patchSize) },
    weights,
    notes: [],
  }),
  renderConfig,
  renderWeights,
});

// ---------------------------------------------------------------- published sizes

const size = (
  family: ConvNextConfig["family"],
  [depths, widths]: readonly [readonly number[], readonly number[]],
): ConvNextConfig => ({
  ...{ family, imageSize: [224, 224], patchSize: 4, widths, depths, kernelSize: 7, mlpRatio: 4 },
  ...{ layerNormEps: 1e-6, lastNormEps: 1e-6, classes: 0 },
});

/** Liu et al. 2022, sec. 3; XL is made for ImageNet-21k. */
const sizes = {
  t: [
    [3, 3, 9, 3],
    [96, 192, 384, 768],
  ],
  s: [
    [3, 3, 27, 3],
    [96, 192, 384, 768],
  ],
  b: [
    [3, 3, 27, 3],
    [128, 256, 512, 1024],
  ],
  l: [
    [3, 3, 27, 3],
    [192, 384, 768, 1536],
  ],
} as const;

export const convNextFamily = familyOf("convnext", {
  title: "ConvNeXt",
  variants: {
    ...{ "convnext-t": size("convnext", sizes.t), "convnext-s": size("convnext", sizes.s) },
    ...{ "convnext-b": size("convnext", sizes.b), "convnext-l": size("convnext", sizes.l) },
  },
});

export const convNextV2Family = familyOf("convnextv2", {
  title: "ConvNeXt V2",
  variants: { "convnextv2-t": size("convnextv2", sizes.t), "convnextv2-b": size("convnextv2", sizes.b) },
});

// ---------------------------------------------------------------- as transformers stores it

/** The layer scale of the first version is folded into the matrix before it, so theirs is 1. */
async function renderWeights(config: ConvNextConfig, weights: Weights): Promise<Weights> {
  const result = new Map<string, Weight>();
  const prefix = `${config.family}.`;
  for (const [ours, weight] of weights) {
    const { theirs, shape } = placeOf(ours, weight.shape, config);
    result.set(ours.startsWith("head.") ? theirs : prefix + theirs, { ...weight, shape });
  }
  if (config.family === "convnext")
    for (const place of blockPlaces(config.depths)) {
      const width = needed(config.widths[place.stage], "width of a stage");
      const ones = { shape: [width], data: new Float32Array(width).fill(1) };
      result.set(`${prefix}${huggingFaceConvNext.block(place)}${huggingFaceConvNext.scale}`, ones);
    }
  return result;
}

/** Their name and shape of one of our weights. */
function placeOf(
  ours: string,
  shape: Shape,
  { depths, patchSize, widths, family }: ConvNextConfig,
): { readonly theirs: string; readonly shape: Shape } {
  const naming = huggingFaceConvNext;
  const [, root, number = "", inner = ours] = /^(blocks|merges)\.(\d+)\.(.+)$/.exec(ours) ?? [];
  const [place = "", kind = ""] = inner.split(".");
  if (root === "blocks") {
    const before = naming.block(needed(blockPlaces(depths)[Number(number)], ours));
    const theirs = `${before}${naming.inBlock[place as keyof typeof naming.inBlock]}.${kind}`;
    return { theirs, shape: place === "response" && family === "convnextv2" ? [1, 1, 1, ...shape] : shape };
  }
  if (root === "merges") {
    const { norm, reduction } = naming.merge(Number(number));
    const into = needed(widths[Number(number)], "width of a stage");
    const isKernel = place === "reduction" && kind === "weight";
    return {
      theirs: `${place === "norm" ? norm : reduction}.${kind}`,
      shape: isKernel ? [shape[0] ?? 0, into, 2, 2] : shape,
    };
  }
  const name =
    place === "head" || place === "norm" ? naming[place][0] : naming[place as "patch" | "patchNorm"];
  const isPatch = place === "patch" && kind === "weight";
  return { theirs: `${name}.${kind}`, shape: isPatch ? [shape[0] ?? 0, 3, patchSize, patchSize] : shape };
}

function renderConfig(config: ConvNextConfig): Readonly<Record<string, unknown>> | undefined {
  const { family, imageSize, classes, depths, widths } = config;
  // transformers has these for all of them.
  if (config.kernelSize !== 7 || config.mlpRatio !== 4 || config.layerNormEps !== 1e-6) return undefined;
  const name = family === "convnext" ? "ConvNext" : "ConvNextV2";
  return {
    architectures: [classes > 0 ? `${name}ForImageClassification` : `${name}Model`],
    depths,
    drop_path_rate: 0,
    hidden_act: "gelu",
    hidden_sizes: widths,
    image_size: imageSize[0] === imageSize[1] ? imageSize[0] : imageSize,
    initializer_range: 0.02,
    layer_norm_eps: config.lastNormEps,
    ...(family === "convnext" && { layer_scale_init_value: 1e-6 }),
    model_type: family,
    num_channels: 3,
    num_stages: depths.length,
    patch_size: config.patchSize,
  };
}
