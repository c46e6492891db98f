/** Our own format, for models that no library has a class for: our configuration, and weights under our names. */

import { z } from "zod";
import { FileError } from "../errors.ts";
import { renderShape, sameShape } from "../formats/tensor.ts";
import { configFlaw, type ModelConfig, modelConfigSchema, modelShapes } from "./architectures.ts";
import { describeIssue } from "./describe-issue.ts";
import type { SourceShapes, WeightPlan } from "./family.ts";
import { shortList } from "./find-scheme.ts";

/** The value of `model_type`. */
export const ownModelType = "rlrr";

/** Whether a config.json is ours. */
export const isOwnConfig = (value: unknown): value is Readonly<Record<string, unknown>> =>
  isObject(value) && value.model_type === ownModelType;

export const renderOwnConfig = (config: ModelConfig): Readonly<Record<string, unknown>> => ({
  model_type: ownModelType,
  backbone: config,
});

/** The configuration in a config.json of ours. */
export function parseOwnConfig(value: Readonly<Record<string, unknown>>, where: string): ModelConfig {
  const { backbone } = value;
  const headless = isObject(backbone) && backbone.classes === 0;
  const schema = z.looseObject({ backbone: modelConfigSchema });
  const parsed = schema.safeParse(headless ? { backbone: { ...backbone, classes: 1 } } : value);
  if (!parsed.success)
    throw new FileError(
      `${where}: ${describeIssue(parsed.error, value)}, which is not valid. The file is damaged.`,
    );
  const flaw = configFlaw(parsed.data.backbone);
  if (flaw !== undefined) throw new FileError(`${where}: ${flaw}. The file is damaged.`);
  return headless ? { ...parsed.data.backbone, classes: 0 } : parsed.data.backbone;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  value !== null && typeof value === "object";

/** Every weight under its own name. */
export function planOwn(
  tensors: SourceShapes,
  { config, where }: { readonly config: ModelConfig; readonly where: string },
): WeightPlan {
  const shapes = modelShapes(config);
  for (const [name, shape] of shapes) {
    const actual = tensors.get(name)?.shape;
    if (actual === undefined) throw new FileError(`${where}: tensor ${JSON.stringify(name)} is missing.`);
    if (!sameShape(actual, shape))
      throw new FileError(
        `${where}: tensor ${JSON.stringify(name)} has shape ${renderShape(actual)}; this model needs ${renderShape(shape)}.`,
      );
  }
  const extra = [...tensors.keys()].filter((name) => !shapes.has(name));
  if (extra.length > 0)
    throw new FileError(
      `${where}: ${extra.length === 1 ? "one tensor is" : `${extra.length} tensors are`} no part of this model: ${shortList(extra)}.`,
    );
  return {
    title: "rlrr",
    shapes,
    origins: new Map([...shapes.keys()].map((name) => [name, { source: name, form: "same" }])),
    classes: config.classes,
    notes: [],
  };
}
