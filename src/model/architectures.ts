/** The backbone that a model's configuration describes. Another architecture is one more case here. */

import type { Shape } from "../formats/tensor.ts";
import { type Backbone, headShapes } from "./backbone.ts";
import type { VitConfig } from "./model.ts";
import { vit } from "./vit.ts";

export const backboneOf = (config: VitConfig): Backbone => vit(config);

/** Every tensor of a model: the backbone's, and the head's where it has classes. */
export function modelShapes(config: VitConfig): Map<string, Shape> {
  const backbone = backboneOf(config);
  return new Map([...backbone.shapes, ...(config.classes > 0 ? headShapes(backbone, config.classes) : [])]);
}
