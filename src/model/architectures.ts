/** The list of families of architectures, and what is asked of whichever one a configuration is of. */

import { z } from "zod";
import { InputError } from "../errors.ts";
import type { Shape } from "../formats/tensor.ts";
import { renderList } from "../render-list.ts";
import { type Backbone, headShapes } from "./backbone.ts";
import type { ConvNextConfig } from "./convnext-config.ts";
import { convNextFamily, convNextV2Family } from "./convnext-family.ts";
import type { CommonConfig, Family } from "./family.ts";
import type { ResNetConfig } from "./resnet-config.ts";
import { resNetFamily } from "./resnet-family.ts";
import type { SwinConfig } from "./swin-config.ts";
import { swinFamily, swinV2Family } from "./swin-family.ts";
import type { VitConfig } from "./vit-config.ts";
import { vitFamily } from "./vit-family.ts";
import { describeVariations } from "./vit-variations.ts";

/** The configuration of a model of any family, told apart by `family`. */
export type ModelConfig = VitConfig | SwinConfig | ConvNextConfig | ResNetConfig;

/** The last one is asked where no other knows a name of timm's. */
export const families: readonly Family[] = [
  swinFamily,
  swinV2Family,
  convNextFamily,
  convNextV2Family,
  resNetFamily,
  vitFamily,
];

/** The family of a configuration; without a name it is a Vision Transformer. */
export function familyOf({ family }: Pick<CommonConfig, "family">): Family {
  const found = families.find(({ name }) => name === (family ?? vitFamily.name));
  if (!found) throw new Error(`internal: no family is named ${family}.`);
  return found;
}

/** A configuration as an adapter's file holds it. */
export const modelConfigSchema = z.discriminatedUnion(
  "family",
  families.map(({ schema }) => schema) as [Family["schema"]],
) as unknown as z.ZodType<ModelConfig>;

/** The same configuration, where it is of a plain Vision Transformer, as `what` needs. */
export function plainVitOf(config: ModelConfig, what: string): VitConfig {
  const { name, title } = familyOf(config);
  const isVit = name === vitFamily.name;
  const differences = isVit ? describeVariations(config as VitConfig) : [];
  if (isVit && differences.length === 0) return config as VitConfig;
  const why = isVit ? `differs from that by ${renderList(differences)}` : `is a ${title}`;
  throw new InputError(
    (show) =>
      `${what} holds a plain ${vitFamily.title}, and this model ${why}. ${show("to", "onnx")} holds any model.`,
  );
}

/** What is wrong between two fields that are fine by themselves; nothing where they fit. */
export const configFlaw = (config: ModelConfig): string | undefined => familyOf(config).flaw(config);

/** The backbone that a configuration describes. */
export const backboneOf = (config: ModelConfig): Backbone => familyOf(config).backbone(config);

/** What a model is, and its sizes for people, by name. */
export function describeConfig(config: ModelConfig): {
  readonly title: string;
  readonly facts: readonly (readonly [name: string, value: string | number])[];
} {
  const family = familyOf(config);
  return { title: family.title, facts: family.facts(config) };
}

/** Every tensor of a model: the backbone's, and the head's where it has classes. */
export function modelShapes(config: ModelConfig): Map<string, Shape> {
  const backbone = backboneOf(config);
  return new Map([...backbone.shapes, ...(config.classes > 0 ? headShapes(backbone, config.classes) : [])]);
}

/** Every size that can be named instead of a file, at its usual image size and without a head. */
export const variants: Readonly<Record<string, ModelConfig>> = Object.assign(
  {},
  ...families.map((family) => family.variants),
);

export const isVariant = (name: string): boolean => Object.hasOwn(variants, name);
