/** The README.md of an export: metadata for the hub in front, then what was compared, and how it is used. */

import { shareableName } from "../adapter/base-name.ts";
import { mostLabels, plainText } from "../adapter/model-card.ts";
import type { OpenedModel } from "../predict/open-model.ts";
import { describeSteps } from "../preprocessing/describe-steps.ts";
import { baseFacts } from "./export-facts.ts";
import type { ExportedFile } from "./export-model.ts";
import { describeProof } from "./proof.ts";
import type { Target } from "./targets.ts";

export interface CardFacts {
  readonly opened: OpenedModel;
  readonly target: Target;
  readonly files: readonly ExportedFile[];
  readonly preprocessInside: boolean;
  readonly notes: readonly string[];
}

/** Markdown with YAML front matter: https://huggingface.co/docs/hub/model-cards. */
export function renderExportCard({ opened, target, files, preprocessInside, notes }: CardFacts): string {
  const { model, adapter, labels, preprocessing } = opened;
  const { id, sha256, licence } = baseFacts(opened);
  const name = id ?? shareableName(adapter?.base.id ?? model.id);
  const method = adapter ? `adapted with \`${adapter.method.name}\`` : "with its own head";
  const front = [
    `library_name: ${target.library}`,
    "pipeline_tag: image-classification",
    ...(licence === undefined ? [] : [`license: ${licence.toLowerCase()}`]),
    ...(id === undefined ? [] : [`base_model: ${id}`, "base_model_relation: finetune"]),
    "tags:",
    ...["rlrr", "vision-transformer", target.library === "transformers.js" ? "onnx" : undefined].flatMap(
      (tag) => (tag === undefined ? [] : [`- ${tag}`]),
    ),
  ];
  const rows = files.map(
    ({ file, precision, bytes, runtime, proof }) =>
      `| ${file} | ${precision} | ${(bytes / 1e6).toFixed(1)} MB | ${runtime} | ${describeProof(proof)} |`,
  );
  const more = labels.length > mostLabels ? ` and ${labels.length - mostLabels} more` : "";
  return `---
${front.join("\n")}
---

# ${labels.length} classes on ${plainText(name)}, for ${target.title}

A Vision Transformer ${method}, exported by rlrr. Before it was kept, each file was compared with the original on images:

| file | precision | size | run by | compared with the original |
|---|---|---|---|---|
${rows.join("\n")}

\`\`\`
${target.usage}
\`\`\`

Images are prepared so: ${describeSteps(preprocessing)}.${
    preprocessInside
      ? " That is part of the files, which take whole images: RGB, from 0 to 255, [batch, 3, height, width]."
      : ""
  }
${notes.map((note) => `\n${plainText(note)}\n`).join("")}
Base: ${plainText(name)}${sha256 === undefined ? "" : `, weights with the hash \`${sha256}\``}. Its licence is ${licence ?? "not known to rlrr; see where it came from"}.

Classes: ${labels.slice(0, mostLabels).map(plainText).join(", ")}${more}
`;
}
