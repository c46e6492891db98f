/** Renders a model or a size: what it is made of, and what methods would train in it. */

import {
  type ModelRecord,
  models,
  type NamedRecord,
  type SizeRecord,
  type TrainableCount,
  type TrainableCounts,
  type UnsuitedMethod,
} from "../node.ts";
import { renderTable } from "../table.ts";
import {
  type Fact,
  noteFacts,
  renderBytes,
  renderCount,
  renderFacts,
  renderSome,
  renderSteps,
} from "./render-facts.ts";
import { renderTypes } from "./render-tensors.ts";

const sizeFacts = (config: models.ModelConfig): readonly Fact[] => models.describeConfig(config).facts;

export function renderSize(record: SizeRecord): string {
  const facts = renderFacts(
    `${record.name} is a size of ${models.describeConfig(record.config).title}; it has no weights.`,
    [...sizeFacts(record.config), ["parameters", renderCount(record.parameters.backbone)]],
  );
  return `${facts}\n\n${renderCounts(record, record.parameters.backbone)}`;
}

export function renderNamed(record: NamedRecord): string {
  const { name, hubId, licence, megabytes, cached, parameters, imagesPerSecondPerCore } = record;
  const facts = renderFacts(`${name} is a pre-trained model on the hub: ${hubId}.`, [
    ["licence", licence],
    ["size", `${megabytes} MB`],
    ...sizeFacts(record.config),
    ["parameters", `${renderCount(parameters.backbone)}, without the head`],
    ["here", cached ?? "not yet; training with it fetches it"],
    ["training", `about ${imagesPerSecondPerCore} images/s for each core at 224 pixels, on an AMD EPYC`],
  ]);
  return `${facts}\n\n${renderCounts(record, parameters.backbone)}`;
}

export function renderModel(what: string, record: ModelRecord): string {
  const { config, parameters, bytes, files, labels, preprocessing, notes } = record;
  const { backbone, head } = parameters;
  const counted =
    head === 0
      ? `${renderCount(backbone)}, without a head`
      : `${renderCount(backbone + head)}: backbone ${renderCount(backbone)}, head ${renderCount(head)}`;
  const named =
    labels.length > 0 ? renderSome(labels) : `${renderCount(config.classes)} classes without names`;
  const tensors = `${renderCount(record.tensorCount)} tensors (${renderTypes(record.dtypes)})`;
  const facts = renderFacts(`${what} is a ${models.describeConfig(config).title} that can be adapted.`, [
    ["names", `${record.layout}, ${tensors}`],
    ...sizeFacts(config),
    ["parameters", counted],
    ["size", `${renderBytes(bytes)}${files.length > 1 ? ` in ${files.length} files` : ""}`],
    ["labels", config.classes === 0 ? "none, as it has no head" : named],
    ["preprocessing", preprocessing ? renderSteps(preprocessing) : "not said"],
    ["sha256", record.sha256],
    ...noteFacts(notes),
  ]);
  return `${facts}\n\n${renderCounts(record, backbone)}`;
}

/** What one method would train, or every method side by side. */
function renderCounts(counts: TrainableCounts, backbone: number): string {
  const { classes } = counts;
  const head = classes > 0 ? `with a head of ${renderCount(classes)} classes` : "without a head";
  const right = { align: "right" } as const;
  const columns = [
    { title: "method" },
    { title: "parameters", ...right },
    { title: "in the head", ...right },
    { title: "in the backbone", ...right },
    { title: "adapter", ...right },
  ];
  const listed: readonly TrainableCount[] = "methods" in counts ? counts.methods : [counts];
  const rows = listed.map(({ method, trainable, headTrainable }) => [
    method,
    renderCount(trainable),
    renderCount(headTrainable),
    `${((100 * (trainable - headTrainable)) / backbone).toFixed(2)} %`,
    renderBytes(trainable * Float32Array.BYTES_PER_ELEMENT),
  ]);
  const unsuited = "unsuited" in counts ? renderUnsuited(counts.unsuited) : "";
  return `Trainable parameters, ${head}:\n${renderTable(columns, rows, { indent: 2 })}${unsuited}`;
}

/** Those that cannot train the model, by what keeps them from it. */
function renderUnsuited(unsuited: readonly UnsuitedMethod[]): string {
  const reasons = [...new Set(unsuited.map(({ why }) => why))];
  const lines = reasons.map((why) => {
    const names = unsuited.filter((one) => one.why === why).map(({ method }) => method);
    return `  ${names.join(", ")}: ${why}`;
  });
  return lines.length > 0 ? `\n\nNot for this model:\n${lines.join("\n")}` : "";
}
