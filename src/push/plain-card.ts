/** The card of a model that has none: metadata for the hub, and its labels. */

import { z } from "zod";
import { plainText } from "../adapter/model-card.ts";

/** Labels beyond these are only counted. */
const mostLabels = 200;

const schema = z.object({
  model_type: z.string().optional().catch(undefined),
  id2label: z.record(z.string(), z.string()).optional().catch(undefined),
});

/** `config` is what config.json holds; `name` the folder's. */
export function renderPlainCard(config: unknown, name: string): string {
  const { id2label = {}, model_type } = schema.safeParse(config).data ?? {};
  const labels = Object.values(id2label);
  const more = labels.length > mostLabels ? ` and ${labels.length - mostLabels} more` : "";
  const classes = labels.slice(0, mostLabels).map(plainText).join(", ");
  return `---
${model_type === "vit" ? "library_name: transformers\n" : ""}pipeline_tag: image-classification
tags:
- rlrr
- vision-transformer
---

# ${plainText(name)}

${labels.length === 0 ? "A Vision Transformer." : `A Vision Transformer that tells ${labels.length} classes apart: ${classes}${more}.`}
`;
}
