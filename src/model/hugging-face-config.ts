/** transformers' config.json of any family, validated and converted to hints. */

import { z } from "zod";
import { FileError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import { families, familyOf } from "./architectures.ts";
import { describeIssue } from "./describe-issue.ts";
import type { CommonHints } from "./family.ts";
import { labelNamesSchema, parseLabelNames } from "./label-names.ts";
import { ownModelType, parseOwnConfig } from "./own-format.ts";
import type { Problem } from "./problem.ts";

const schema = z.looseObject({
  id2label: labelNamesSchema.nullish(),
  label2id: labelNamesSchema.nullish(),
  problem_type: z.string().nullish(),
});

type Config = z.infer<typeof schema>;

/** Labels by class; what transformers puts where nobody named them, LABEL_0 and so on, names nothing. */
function parseLabels({ id2label, label2id }: Config, where: string): readonly string[] {
  const names = id2label ?? label2id;
  if (!names) return [];
  const labels = parseLabelNames(names, { where, key: id2label ? "id2label" : "label2id" });
  return labels.every((label, index) => label === `LABEL_${index}`) ? [] : labels;
}

/** What transformers calls the problem that a head was trained for. */
function parseProblem({ problem_type: type }: Config, where: string): Problem | undefined {
  if (type === undefined || type === null || type === "single_label_classification") return undefined;
  if (type === "multi_label_classification") return "multi-label";
  if (type === "regression") return "regression";
  throw new FileError(
    `${where}: problem_type is ${showValue(type)}; known are single_label_classification, multi_label_classification and regression.`,
  );
}

/** Hints from the config.json at `where`. Throws for a model of no known family, or one that cannot be run. */
export function parseHuggingFaceConfig(value: unknown, where: string): CommonHints {
  const kind = value !== null && typeof value === "object" ? Reflect.get(value, "model_type") : undefined;
  const stored =
    kind === ownModelType ? parseOwnConfig(value as Readonly<Record<string, unknown>>, where) : undefined;
  const family = stored
    ? familyOf(stored)
    : families.find(({ modelTypes }) => typeof kind === "string" && modelTypes.includes(kind));
  if (family === undefined) {
    const known = families.flatMap(({ modelTypes }) => modelTypes).map(showValue);
    throw new FileError(
      `${where}: model_type is ${showValue(kind)}; models of these types can be read: ${known.join(", ")}.`,
    );
  }
  const result = schema.safeParse(value);
  if (!result.success)
    throw new FileError(`${where}: ${describeIssue(result.error, value)}, which no ViT can have.`);
  if (stored) return { family: family.name, where, stored, ...headOf(result.data, where) };
  const own = family.readHuggingFace(result.data, where);
  return { family: family.name, where, ...own, ...headOf(result.data, where) };
}

function headOf(config: Config, where: string): Pick<CommonHints, "labels" | "problem"> {
  const problem = parseProblem(config, where);
  return { labels: parseLabels(config, where), ...(problem && { problem }) };
}
