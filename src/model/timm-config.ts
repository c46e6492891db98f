/** timm's config.json on the hub, of any family, validated and converted to hints. */

import { FileError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import { needed } from "../needed.ts";
import { families } from "./architectures.ts";
import { describeIssue } from "./describe-issue.ts";
import type { CommonHints } from "./family.ts";
import { parseLabelNames } from "./label-names.ts";
import { type TimmConfig, timmSchema } from "./timm-schema.ts";
import { parseTimmSteps } from "./timm-steps.ts";

/** Whether a config.json is timm's. */
export const isTimmConfig = (value: unknown): value is Readonly<Record<string, unknown>> =>
  value !== null && typeof value === "object" && "architecture" in value && !("model_type" in value);

/** Older files have the fields of pretrained_cfg beside the architecture. */
const withPretrained = (value: unknown): unknown =>
  isTimmConfig(value) && !("pretrained_cfg" in value) ? { ...value, pretrained_cfg: value } : value;

/** timm lets the labels beside the architecture win over those of pretrained_cfg. */
function labelsOf(config: TimmConfig, where: string): readonly string[] {
  const { label_names, labels, pretrained_cfg: inner } = config;
  const found = label_names ?? labels ?? inner?.label_names ?? inner?.labels;
  return found ? parseLabelNames(found, { where, key: "label_names" }) : [];
}

/** Hints from the timm config.json at `where`. Throws for a model that cannot be run. */
export function parseTimmConfig(value: unknown, where: string): CommonHints {
  const result = timmSchema.safeParse(withPretrained(value));
  if (!result.success)
    throw new FileError(`${where}: ${describeIssue(result.error, value)}, which no ViT can have.`);
  const config = result.data;
  const family = needed(
    families.find(({ isTimm }) => isTimm(config.architecture)),
    "family of timm's architecture",
  );
  return {
    family: family.name,
    where,
    kind: `architecture ${showValue(config.architecture)}`,
    ...family.readTimm(config, where),
    labels: labelsOf(config, where),
    preprocessing: parseTimmSteps(config.pretrained_cfg ?? {}, where),
  };
}
