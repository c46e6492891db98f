/** The architectures that are known. Another one is a file beside `vit.ts` and a case in each function here. */

import type { Shape } from "../formats/tensor.ts";
import { type Backbone, headShapes } from "./backbone.ts";
import { type VitConfig, vit, vitConfigFlaw, vitConfigSchema } from "./vit.ts";

/** The configuration of any of them. */
export type ModelConfig = VitConfig;

/** A configuration as an adapter's file holds it. */
export const modelConfigSchema = vitConfigSchema;

/** What is wrong between two fields that are fine by themselves; nothing where they fit. */
export const configFlaw: (config: ModelConfig) => string | undefined = vitConfigFlaw;

/** The backbone that a configuration describes. */
export const backboneOf = (config: ModelConfig): Backbone => vit(config);

/** Every tensor of a model: the backbone's, and the head's where it has classes. */
export function modelShapes(config: ModelConfig): Map<string, Shape> {
  const backbone = backboneOf(config);
  return new Map([...backbone.shapes, ...(config.classes > 0 ? headShapes(backbone, config.classes) : [])]);
}
