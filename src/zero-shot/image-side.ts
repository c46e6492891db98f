/** What stands between an image tower and the cosines with texts: a projection, and the scale that makes logits of cosines. */

import { FileError, InputError } from "../errors.ts";
import { renderShape, type Tensor } from "../formats/tensor.ts";
import { backboneOf } from "../model/architectures.ts";
import { convertOne } from "../model/convert-weights.ts";
import { prefixesBefore } from "../model/find-scheme.ts";
import type { Model } from "../model/model.ts";
import { sourceShape } from "../model/source-shape.ts";
import type { VitConfig } from "../model/vit-config.ts";
import type { WeightSource } from "../model/weight-source.ts";

/** The projections' names: transformers', OpenCLIP's, and timm's, where it stands in place of a head. */
const projections = [
  { name: "visual_projection.weight", form: "same" },
  { name: "visual.proj", form: "transposed" },
  { name: "head.weight", form: "same" },
] as const;

/** The image tower of a CLIP or SigLIP; refuses what is none. */
export function towerConfig({ id, config }: Model): VitConfig {
  if (config.family !== undefined && config.family !== "vit")
    throw new InputError(
      `${id}: only Vision Transformers of CLIP and SigLIP can be read beside texts, and its image tower is none.`,
    );
  const { classes, pool = "cls" } = config as VitConfig;
  if (classes > 0)
    throw new InputError(
      `${id} has a head for ${classes} classes, so it is no image tower of CLIP or SigLIP.`,
    );
  if (pool !== "cls" && pool !== "attention")
    throw new InputError(`${id} is no image tower of CLIP or SigLIP: its feature is no single token.`);
  return config as VitConfig;
}

/** The projection [features, D] of CLIP; nothing for SigLIP, which has none. */
export async function readProjection(model: Model, source: WeightSource): Promise<Tensor | undefined> {
  const { featureWidth: width } = backboneOf(model.config);
  if ((model.config as VitConfig).pool === "attention") return undefined;
  for (const { name: end, form } of projections) {
    const prefixes = [...prefixesBefore(source, end)].filter(
      (prefix) => !/(^|\.)text(_model)?\./.test(prefix),
    );
    const [prefix] = prefixes;
    if (prefix === undefined || prefixes.length > 1) continue;
    const name = prefix + end;
    const shape = sourceShape({ tensors: source, where: model.id }, name, 2);
    const ours = form === "transposed" ? [...shape].reverse() : shape;
    if (ours[1] !== width)
      throw new FileError(
        `${model.id}: tensor ${JSON.stringify(name)} has shape ${renderShape(shape)}; it must project features of ${width} numbers.`,
      );
    return { shape: ours, data: await convertOne(source, { source: name, form }, ours) };
  }
  throw new InputError(
    `${model.id} has no projection to the space of texts (${projections.map(({ name }) => name).join(", ")}), so it is no image tower of CLIP that can be read beside texts.`,
  );
}

export interface Scale {
  /** Of cosines: e to the power of what is stored. */
  readonly scale: number;
  /** Added to all logits. */
  readonly bias: number;
}

/** CLIP's scale at the end of its training, and the most that it allows. */
const clipScale = 100;

/** From the first of the sources that has one. */
export async function readScale(
  sources: readonly WeightSource[],
): Promise<Scale & { readonly note?: string }> {
  for (const source of sources) {
    const logarithm = await readNumber(source, "logit_scale");
    if (logarithm !== undefined)
      return { scale: Math.exp(logarithm), bias: (await readNumber(source, "logit_bias")) ?? 0 };
  }
  return {
    ...{ scale: clipScale, bias: 0 },
    note: `No file has a logit_scale, so cosines are multiplied by ${clipScale}, as CLIP does. SigLIP's own scale differs, and with it how sure the answers are, not which they are.`,
  };
}

async function readNumber(source: WeightSource, end: string): Promise<number | undefined> {
  const [prefix] = prefixesBefore(source, end);
  const tensor = prefix === undefined ? undefined : source.get(prefix + end);
  if (!tensor) return undefined;
  const { data } = await tensor.read();
  const [number, ...others] = data;
  if (number === undefined || others.length > 0 || !Number.isFinite(number) || Math.abs(number) > 50)
    throw new FileError(
      `tensor ${JSON.stringify(end)} must be one number, got ${data.length} (${data.slice(0, 4).join(", ")}).`,
    );
  return number;
}
