/** Hugging Face's preprocessor_config.json, read as steps and written from steps. */

import { z } from "zod";
import { FileError } from "../errors.ts";
import { limits } from "../limits.ts";
import { parseSteps } from "../preprocessing/parse-steps.ts";
import { evaluationSteps } from "../preprocessing/step-list.ts";
import type { Filter, Step } from "../preprocessing/steps.ts";
import { describeIssue } from "./hugging-face-config.ts";

/** Pillow's numbers for its filters. */
const filters: readonly Filter[] = ["nearest", "lanczos", "bilinear", "bicubic", "box", "hamming"];

const side = z.int().min(1).max(limits.MAX_SIDE.value);
const size = z.union([
  side,
  z.tuple([side, side]),
  z.object({ height: side, width: side }),
  z.object({ shortest_edge: side }),
]);
const triple = z.tuple([z.number(), z.number(), z.number()]);

const schema = z.looseObject({
  image_processor_type: z.string().nullish(),
  feature_extractor_type: z.string().nullish(),
  do_resize: z.boolean().nullish(),
  size: size.nullish(),
  resample: z.int().min(0).max(5).nullish(),
  do_center_crop: z.boolean().nullish(),
  crop_size: size.nullish(),
  do_rescale: z.boolean().nullish(),
  rescale_factor: z.number().gt(0).nullish(),
  do_normalize: z.boolean().nullish(),
  image_mean: triple.nullish(),
  image_std: z.union([triple, z.tuple([])]).nullish(),
});

type Config = z.infer<typeof schema>;
type Triple = readonly [number, number, number];

/** Each processor's defaults; older ViT files were written by feature extractors. */
function defaultsOf(config: Config): {
  resample: number;
  crop: boolean;
  short: boolean;
  mean: Triple;
  std: Triple;
} {
  const processor = config.image_processor_type ?? config.feature_extractor_type ?? "ViTImageProcessor";
  const imageNet = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] } as const;
  if (processor.startsWith("DeiT")) return { resample: 3, crop: true, short: false, ...imageNet };
  if (/^(Bit|CLIP)/.test(processor)) return { resample: 3, crop: true, short: true, ...imageNet };
  return { resample: 2, crop: false, short: false, mean: [0.5, 0.5, 0.5], std: [0.5, 0.5, 0.5] };
}

type Pair = [height: number, width: number];

const pairOf = (value: z.infer<typeof size>): Pair => {
  if (typeof value === "number") return [value, value];
  if (Array.isArray(value)) return value;
  if ("shortest_edge" in value) return [value.shortest_edge, value.shortest_edge];
  return [value.height, value.width];
};

function resizeStep(config: Config, fallback: Pair): Step {
  const { resample, short } = defaultsOf(config);
  const filter = filters[config.resample ?? resample] ?? "bilinear";
  const given = config.size ?? fallback;
  const isShort = typeof given === "number" ? short : "shortest_edge" in given;
  return isShort
    ? ["resizeShort", { size: pairOf(given)[0], filter }]
    : ["resize", { size: pairOf(given), filter }];
}

const scaled = (values: Triple, factor: number): Triple => [
  values[0] * factor,
  values[1] * factor,
  values[2] * factor,
];

/** rgb · rescale, less the mean, over the std; our step starts from rgb / 255, so it takes both times 1 / (255 · rescale). */
function normalizeStep(config: Config): Step {
  const defaults = defaultsOf(config);
  const rescale = (config.do_rescale ?? true) ? (config.rescale_factor ?? 1 / 255) : 1;
  const near = Math.abs(rescale * 255 - 1) < 1e-6;
  const factor = near ? 1 : 1 / (255 * rescale);
  const normalize = config.do_normalize ?? true;
  const std = config.image_std?.length === 3 ? config.image_std : defaults.std;
  return [
    "normalize",
    {
      mean: scaled(normalize ? (config.image_mean ?? defaults.mean) : [0, 0, 0], factor),
      std: scaled(normalize ? std : [1, 1, 1], factor),
    },
  ];
}

/** Steps from the preprocessor_config.json at `where`; `imageSize` is the model's, for a file that gives none. */
export function parseHuggingFaceSteps(
  value: unknown,
  { where, imageSize }: { readonly where: string; readonly imageSize: readonly [number, number] },
): readonly Step[] {
  const own = value !== null && typeof value === "object" ? Reflect.get(value, "rlrr_steps") : undefined;
  if (own !== undefined) return parseSteps(own, `${where}: rlrr_steps`);
  const result = schema.safeParse(value);
  if (!result.success)
    throw new FileError(
      `${where}: ${describeIssue(result.error, value)}, which is not valid in an image processor.`,
    );
  const config = result.data;
  const fallback: Pair = [...imageSize];
  const steps: Step[] = [];
  if (config.do_resize ?? true) steps.push(resizeStep(config, fallback));
  if (config.do_center_crop ?? defaultsOf(config).crop)
    steps.push(["centerCrop", { size: pairOf(config.crop_size ?? fallback) }]);
  return parseSteps([...steps, normalizeStep(config)], where);
}

/** preprocessor_config.json for `steps`: what Hugging Face's processors can express, and the steps themselves. */
export function renderHuggingFaceSteps(steps: readonly Step[]): Readonly<Record<string, unknown>> {
  let fields: Record<string, unknown> = { image_processor_type: "ViTImageProcessor", do_resize: false };
  for (const [name, options] of evaluationSteps(steps)) {
    if (name === "resize" || name === "resizeFit") {
      // No processor can fit; to squash is the nearest, and `rlrr_steps` says what is right.
      const [height, width] = options.size;
      fields = {
        ...fields,
        do_resize: true,
        size: { height, width },
        resample: filters.indexOf(options.filter),
      };
    } else if (name === "resizeShort") {
      const resample = filters.indexOf(options.filter);
      fields = { ...fields, do_resize: true, size: { shortest_edge: options.size }, resample };
    } else if (name === "centerCrop") {
      // Of the processors that every version of transformers has, this one crops.
      const [height, width] = options.size;
      fields = {
        ...fields,
        image_processor_type: "BitImageProcessor",
        do_center_crop: true,
        crop_size: { height, width },
      };
    } else if (name === "normalize")
      fields = { ...fields, do_normalize: true, image_mean: options.mean, image_std: options.std };
    else throw new Error(`internal: evaluation does not know ${name}`);
  }
  return { ...fields, do_convert_rgb: true, do_rescale: true, rescale_factor: 1 / 255, rlrr_steps: steps };
}
