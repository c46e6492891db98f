/** Tells where timm keeps a CLIP tower's projection to the space of texts as a head: it is none for classes. */

import type { TimmConfig } from "./timm-schema.ts";

/** Columns of that space, in every tower of CLIP that timm has. */
const textWidths: readonly unknown[] = [512, 640, 768, 1024, 1152, 1280];

/** Not of a tower that somebody has fine-tuned: its tag says so, or it has labels, or another number of classes. */
export function headProjects({ architecture, pretrained_cfg: inner, ...outer }: TimmConfig): boolean {
  const tag = inner?.tag;
  const isClip = /_clip_/.test(architecture) || (typeof tag === "string" && /^clip_/.test(tag));
  if (!isClip || typeof tag !== "string" || /(^|_)ft_/.test(tag)) return false;
  if ([outer.label_names, outer.labels, inner?.label_names, inner?.labels].some(Boolean)) return false;
  const { num_classes: classes = inner?.num_classes } = outer;
  return classes === undefined || textWidths.includes(classes);
}
