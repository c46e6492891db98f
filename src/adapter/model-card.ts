/** The README.md of an adapter: metadata for the hub in front, facts for people after. */

import type { Adapter } from "./adapter.ts";

/** Markdown with YAML front matter: https://huggingface.co/docs/hub/model-cards. */
export function renderModelCard({ base, method, labels, training, tensors }: Adapter): string {
  const trained = [...tensors.values()].reduce((total, { data }) => total + data.length, 0);
  const head = [...tensors].reduce(
    (total, [name, { data }]) => total + (name.startsWith("head.") ? data.length : 0),
    0,
  );
  const facts = Object.entries(training).flatMap(([name, value]) =>
    value === undefined ? [] : [`| ${cell(name)} | ${cell(render(value))} |`],
  );
  return `---
base_model: ${JSON.stringify(base.id)}
base_model_relation: adapter
library_name: rlrr
pipeline_tag: image-classification
tags:
- rlrr
- vision-transformer
---

# ${labels.length} classes on ${cell(base.id)}

A Vision Transformer adapted with \`${method.name}\`: ${trained.toLocaleString("en")} trained numbers, ${head.toLocaleString("en")} of them the head.
The backbone is not in this folder; its weights have the hash \`${base.sha256}\`.

\`\`\`
rlrr predict --adapter . --model ${base.id} photo.jpg
rlrr merge --adapter . --model ${base.id} --out merged
\`\`\`

| training | |
|---|---|
| method | ${cell(render(method))} |
${facts.join("\n")}

Classes: ${labels.map(cell).join(", ")}
`;
}

const render = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** One line, with no bar that would end a table's cell. */
const cell = (text: string): string =>
  text
    .replace(/[\r\n]+/g, " ")
    .replaceAll("|", "\\|")
    .replaceAll("<", "&lt;");
