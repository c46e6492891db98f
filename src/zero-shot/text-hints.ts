/** What transformers' config.json says of a text tower that its weights do not show. */

import { z } from "zod";
import { FileError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import { limits } from "../limits.ts";
import type { ActivationName } from "../model/activations.ts";
import { describeIssue } from "../model/describe-issue.ts";
import { activationsByName } from "../model/hugging-face-vit.ts";

const count = z.int().min(1).max(limits.MAX_CONFIG_SIZE.value);
const tower = z.looseObject({
  num_attention_heads: count.optional(),
  layer_norm_eps: z.number().gt(0).lt(1).optional(),
  hidden_act: z.string().optional(),
  pad_token_id: z.int().min(0).nullish(),
});
const schema = tower.extend({ text_config: tower.nullish() });
/** Of files that hold the text tower alone, whose fields are not in a `text_config`. */
const towersAlone: readonly unknown[] = ["clip_text_model", "siglip_text_model"];

export interface TextHints {
  readonly heads?: number | undefined;
  readonly layerNormEps?: number | undefined;
  readonly activation?: ActivationName | undefined;
  /** The token that short texts are filled up with. */
  readonly padding?: number | undefined;
}

/** Of a whole model's file the `text_config`. Where it says nothing, CLIP's tower has 8 heads and SigLIP's 12. */
export function parseTextHints(value: unknown, where: string): TextHints {
  const parsed = schema.safeParse(value);
  if (!parsed.success)
    throw new FileError(`${where}: ${describeIssue(parsed.error, value)}, which no text tower can have.`);
  const { model_type: type } = parsed.data;
  const config = towersAlone.includes(type) ? parsed.data : parsed.data.text_config;
  if (!config) return {};
  const { hidden_act: name } = config;
  const activation = name === undefined ? undefined : activationsByName.get(name);
  if (name !== undefined && activation === undefined)
    throw new FileError(
      `${where}: hidden_act is ${showValue(name)}; known are ${[...activationsByName.keys()].join(", ")}.`,
    );
  return {
    heads: config.num_attention_heads ?? (String(type).startsWith("siglip") ? 12 : 8),
    layerNormEps: config.layer_norm_eps,
    activation,
    padding: config.pad_token_id ?? undefined,
  };
}
