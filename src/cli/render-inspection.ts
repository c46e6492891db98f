/** Renders an inspection for people: a headline, facts, and tables of trainable parameters or classes. */

import { graph, type VitConfig } from "../index.ts";
import type {
  AdapterRecord,
  CheckpointRecord,
  DatasetRecord,
  InspectedRun,
  Inspection,
  ModelRecord,
  SizeRecord,
  TensorsRecord,
  TrainableCount,
  TrainableCounts,
} from "../node.ts";
import { renderTable } from "../table.ts";
import { type Fact, renderBytes, renderCount, renderFacts, renderSome, renderSteps } from "./render-facts.ts";

/** `what` is what was asked about. */
export function renderInspection(what: string, record: Inspection): string {
  const text = renderRecord(what, record);
  return record.tensors ? `${text}\n\n${renderTensors(record.tensors)}` : text;
}

function renderRecord(what: string, record: Inspection): string {
  switch (record.type) {
    case "size":
      return renderSize(record);
    case "model":
      return renderModel(what, record);
    case "adapter":
      return renderAdapter(record);
    case "run":
      return renderFacts(`${record.path} is a run of rlrr train that has kept no adapter yet.`, [
        recipeFact(record.chosen),
        ...runFacts(record.run),
      ]);
    case "dataset":
      return renderDataset(record);
    case "checkpoint":
      return renderCheckpoint(record);
    case "tensors":
      return renderLooseTensors(record);
    case "image":
      return renderFacts(`${record.path} is an image.`, [
        ["kind", record.kind],
        ["size", `${record.width} x ${record.height} pixels, ${record.channels} channels`],
      ]);
  }
}

function renderTensors(tensors: NonNullable<Inspection["tensors"]>): string {
  const columns = [{ title: "tensor", maxWidth: 100 }, { title: "type" }, { title: "shape" }];
  return renderTable(
    columns,
    tensors.map(({ name, dtype, shape }) => [name, dtype, graph.renderShape(shape)]),
    { indent: 2 },
  );
}

// ---------------------------------------------------------------- models and sizes

const sizeFacts = (config: VitConfig): Fact[] => [
  ["blocks", `${config.depth} of width ${config.width}, ${config.heads} heads, MLP of ${config.mlpWidth}`],
  ["images", `${config.imageSize.join(" x ")} pixels in patches of ${config.patchSize}`],
  ["norm epsilon", config.layerNormEps],
];

function renderSize(record: SizeRecord): string {
  const facts = renderFacts(`${record.name} is a size of Vision Transformer; it has no weights.`, [
    ...sizeFacts(record.config),
    ["parameters", renderCount(record.parameters.backbone)],
  ]);
  return `${facts}\n\n${renderCounts(record, record.parameters.backbone)}`;
}

function renderModel(what: string, record: ModelRecord): string {
  const { config, parameters, bytes, files, labels, preprocessing, notes } = record;
  const { backbone, head } = parameters;
  const counted =
    head === 0
      ? `${renderCount(backbone)}, without a head`
      : `${renderCount(backbone + head)}: backbone ${renderCount(backbone)}, head ${renderCount(head)}`;
  const named =
    labels.length > 0 ? renderSome(labels) : `${renderCount(config.classes)} classes without names`;
  const tensors = `${renderCount(record.tensorCount)} tensors (${renderTypes(record.dtypes)})`;
  const facts = renderFacts(`${what} is a Vision Transformer that can be adapted.`, [
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

const noteFacts = (notes: readonly string[]): Fact[] =>
  notes.map((note, index) => [index === 0 ? "notes" : "", note]);

function renderTypes(counts: Readonly<Record<string, number>>): string {
  const types = Object.entries(counts);
  if (types.length === 1) return Object.keys(counts).join("");
  return types.map(([dtype, count]) => `${count} ${dtype}`).join(", ");
}

/** What one method would train, or every method side by side. */
export function renderCounts(counts: TrainableCounts, backbone: number): string {
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
  return `Trainable parameters, ${head}:\n${renderTable(columns, rows, { indent: 2 })}`;
}

// ---------------------------------------------------------------- adapters, runs and what they leave

function renderAdapter(record: AdapterRecord): string {
  const { path, base, labels, trained, headTrained, bytes, preprocessing, training, chosen, run } = record;
  return renderFacts(`${path} is ${run ? "a run of rlrr train with its adapter" : "an adapter"}.`, [
    ["method", renderMethod(record)],
    ["base", base.id],
    ["base sha256", base.sha256],
    ["labels", renderSome(labels)],
    ["trained", `${renderCount(trained)} parameters, ${renderCount(headTrained)} in the head`],
    ["size", renderBytes(bytes)],
    ["preprocessing", renderSteps(preprocessing)],
    recipeFact(chosen),
    ...trainingFacts(training),
    ...runFacts(run),
  ]);
}

function renderMethod({ method: { name, options } }: AdapterRecord): string {
  const parts = Object.entries(options).map(([option, value]) => `${option} ${[value].flat().join(",")}`);
  return parts.length > 0 ? `${name} (${parts.join(", ")})` : name;
}

function recipeFact(chosen: AdapterRecord["chosen"]): Fact {
  const words = (name: string) => name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
  const options = Object.entries(chosen).map(([name, value]) => `${words(name)} ${value}`);
  return ["recipe", options.length > 0 ? options.join(", ") : undefined];
}

/** The facts that a person asks for first; all of them are in the record. */
function trainingFacts(training: AdapterRecord["training"]): Fact[] {
  const number = (name: string) => (typeof training[name] === "number" ? training[name] : undefined);
  const [epochs, kept, top1] = ["epochs", "keptEpoch", "validationTop1"].map(number);
  const images = number("trainImages");
  const whole = epochs === undefined ? "" : ` of ${epochs}`;
  return [
    ["trained on", images === undefined ? undefined : `${renderCount(images)} images`],
    ["kept", kept === undefined ? undefined : kept < 0 ? "the linear probe" : `epoch ${kept + 1}${whole}`],
    ["validation", top1 === undefined ? undefined : `top-1 ${top1.toFixed(2)} %`],
  ];
}

function runFacts(run: InspectedRun | undefined): Fact[] {
  if (!run) return [];
  const { data, recipe, state } = run;
  const epochs = typeof recipe.epochs === "number" ? ` of ${recipe.epochs}` : "";
  const stands = state?.finished
    ? `finished after ${renderCount(state.step)} steps`
    : state &&
      `in epoch ${state.epoch + 1}${epochs}, after ${renderCount(state.step)} steps; --resume continues it`;
  return [
    ["data", `${data.root} (${renderCount(data.classes.length)} classes)`],
    ["run", stands ?? "no state is saved yet"],
  ];
}

const tensorFacts = ({ tensorCount, dtypes, numbers, bytes }: CheckpointRecord | TensorsRecord): Fact[] => [
  ["tensors", `${renderCount(tensorCount)} (${renderTypes(dtypes)})`],
  ["numbers", renderCount(numbers)],
  ["size", renderBytes(bytes)],
];

function renderCheckpoint(record: CheckpointRecord): string {
  const { epoch, step, finished, best } = record.position;
  return renderFacts(`${record.path} is the state of a training run, which rlrr train --resume continues.`, [
    ["stands", finished ? `finished after ${step} steps` : `in epoch ${epoch + 1}, after ${step} steps`],
    ["best epoch", best && `${best.epoch + 1}, ${best.top1.toFixed(2)} % on validation images`],
    ...tensorFacts(record),
  ]);
}

function renderLooseTensors(record: TensorsRecord): string {
  return renderFacts(`${record.path} holds tensors, but no model.`, [
    ...tensorFacts(record),
    ...Object.entries(record.metadata).map(([name, value]): Fact => [name, value.slice(0, 200)]),
    ["why", record.why],
  ]);
}

// ---------------------------------------------------------------- data sets

const layouts: Readonly<Record<DatasetRecord["layout"], string>> = {
  classes: "a folder of class folders",
  splits: "split folders of class folders",
  vtab: "VTAB-1k lists",
  fgvc: "FGVC JSON lists",
  csv: "a CSV list",
};

/** Of more classes only the smallest are listed. */
const mostListed = 20;
const splitNames = ["train", "val", "test"] as const;

function renderDataset(record: DatasetRecord): string {
  const { path, layout, images, classes, looked, notes } = record;
  const counts = splitNames.flatMap((split) =>
    images[split] === undefined ? [] : [`${renderCount(images[split])} ${split}`],
  );
  const facts = renderFacts(`${path} is a data set: ${layouts[layout]}.`, [
    ["classes", renderCount(classes.length)],
    ["images", counts.join(", ")],
    ...lookedFacts(looked),
    ...noteFacts(notes),
  ]);
  const advice = record.advice.map((line) => `- ${line}`);
  const sections = advice.length > 0 ? [["What to look into:", ...advice].join("\n")] : [];
  return [facts, renderClasses(record), ...sections].join("\n\n");
}

function lookedFacts({ files, unreadable, kinds, smallest, largest }: DatasetRecord["looked"]): Fact[] {
  const sizes = [...new Set([smallest, largest].flatMap((size) => (size ? [size.join(" x ")] : [])))];
  const counts = Object.entries(kinds);
  const listed = counts.map(([kind, count]) => (counts.length > 1 ? `${renderCount(count)} ${kind}` : kind));
  return [
    ["sizes", sizes.length > 0 ? `${sizes.join(" to ")} pixels` : undefined],
    ["kinds", listed.length > 0 ? listed.join(", ") : undefined],
    ["unreadable", unreadable > 0 ? `${renderCount(unreadable)} of ${renderCount(files)}` : undefined],
  ];
}

function renderClasses({ classes, images }: DatasetRecord): string {
  const present = splitNames.filter((split) => images[split] !== undefined);
  type Row = (typeof classes)[number];
  const total = (row: Row) => present.reduce((sum, split) => sum + (row[split] ?? 0), 0);
  const few = classes.length <= mostListed;
  const shown = few ? classes : classes.toSorted((a, b) => total(a) - total(b)).slice(0, mostListed);
  const columns = [{ title: "class" }, ...present.map((title) => ({ title, align: "right" as const }))];
  const rows = shown.map((row) => [row.name, ...present.map((split) => renderCount(row[split] ?? 0))]);
  const table = renderTable(columns, rows, { indent: 2 });
  return few ? table : `The ${mostListed} classes with the fewest images:\n${table}`;
}
