/** timm's evaluation transform, from the fields of a pretrained_cfg, as steps. */

import { z } from "zod";
import { FileError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import { limits } from "../limits.ts";
import { roundHalfEven } from "../preprocessing/boxes.ts";
import { parseSteps } from "../preprocessing/parse-steps.ts";
import { type Filter, filters, type Step } from "../preprocessing/steps.ts";
import { channelValuesSchema, type Triple, tripleOf } from "./channel-values.ts";

const count = z.int().min(1).max(limits.MAX_CONFIG_SIZE.value);

export const timmInputSchema = z.looseObject({
  input_size: z.tuple([count, count, count]).nullish(),
  interpolation: z.string().nullish(),
  crop_pct: z.number().min(0.01).max(2).nullish(),
  crop_mode: z.string().nullish(),
  mean: channelValuesSchema.nullish(),
  std: channelValuesSchema.nullish(),
});

export type TimmInput = z.infer<typeof timmInputSchema>;

/** What timm takes for fields that are absent or null: resolve_data_config in timm/data/config.py. */
const defaults = {
  size: [3, 224, 224],
  interpolation: "bicubic",
  share: 0.875,
  mode: "center",
  mean: [0.485, 0.456, 0.406],
  std: [0.229, 0.224, 0.225],
} as const;

const isFilter = (name: string): name is Filter => (filters as readonly string[]).includes(name);

/** transforms_imagenet_eval in timm/data/transforms_factory.py. */
export function parseTimmSteps(config: TimmInput, where: string): readonly Step[] {
  const [, height, width] = config.input_size ?? defaults.size;
  const filter = config.interpolation || defaults.interpolation;
  if (!isFilter(filter))
    throw new FileError(
      `${where}: pretrained_cfg.interpolation is ${showValue(filter)}; known are ${filters.join(", ")}.`,
    );
  const share = config.crop_pct ?? defaults.share;
  const [mean, std] = [tripleOf(config.mean ?? defaults.mean), tripleOf(config.std ?? defaults.std)];
  const byte = (value: number) => Math.max(0, Math.min(255, roundHalfEven(255 * value)));
  const fill: Triple = [byte(mean[0]), byte(mean[1]), byte(mean[2])];
  const mode = config.crop_mode || defaults.mode;
  const shape = shapeSteps(mode, { size: [height, width], share, filter, fill });
  if (shape === undefined)
    throw new FileError(
      `${where}: pretrained_cfg.crop_mode is ${showValue(mode)}; known are center, squash and border.`,
    );
  return parseSteps([...shape, ["normalize", { mean, std }]], where);
}

interface Shaping {
  readonly size: readonly [height: number, width: number];
  readonly share: number;
  readonly filter: Filter;
  readonly fill: Triple;
}

function shapeSteps(mode: string, { size, share, filter, fill }: Shaping): readonly Step[] | undefined {
  const [height, width] = [Math.floor(size[0] / share), Math.floor(size[1] / share)];
  const crop: Step = ["centerCrop", { size }];
  if (mode === "squash") return [["resize", { size: [height, width], filter }], crop];
  if (mode === "border")
    return [
      ["resizeFit", { size: [height, width], fit: "contain", filter }],
      ["centerCrop", { size, fill }],
    ];
  if (mode !== "center") return undefined;
  if (height === width) return [["resizeShort", { size: height, filter }], crop];
  return [["resizeFit", { size: [height, width], fit: "cover", filter }], crop];
}
