/** The fields of timm's config.json on the hub that are read. */

import { z } from "zod";
import { limits } from "../limits.ts";
import { labelNamesSchema } from "./label-names.ts";
import { timmInputSchema } from "./timm-steps.ts";

const count = z.int().min(1).max(limits.MAX_CONFIG_SIZE.value);

const labelled = z.looseObject({
  label_names: labelNamesSchema.nullish(),
  /** What older versions call label_names. */
  labels: labelNamesSchema.nullish(),
});

export const timmSchema = z.looseObject({
  ...labelled.shape,
  architecture: z.string(),
  global_pool: z.string().nullish(),
  model_args: z
    .looseObject({
      act_layer: z.unknown().optional(),
      global_pool: z.string().nullish(),
      num_heads: count.nullish(),
      embed_dim: count.nullish(),
      depth: count.nullish(),
      patch_size: z.union([count, z.tuple([count, count])]).nullish(),
      img_size: z.union([count, z.tuple([count, count])]).nullish(),
    })
    .nullish(),
  pretrained_cfg: z.looseObject({ ...labelled.shape, ...timmInputSchema.shape }).nullish(),
});

export type TimmConfig = z.infer<typeof timmSchema>;
