/** What an adapter is, and what the run is that made it. */

import { stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Adapter } from "../adapter/adapter.ts";
import { adapterFolder, readAdapter } from "../adapter/adapter-file.ts";
import { FileError } from "../errors.ts";
import { readJson } from "../files/read-json.ts";
import { listTensors } from "../formats/list-tensors.ts";
import { parsePosition } from "../runs/checkpoint.ts";
import type { Inspection } from "./inspect.ts";
import { type Fact, renderBytes, renderCount, renderFacts, renderSome, renderSteps } from "./render-facts.ts";

/** `path` is an adapter's folder, or a run's that has one already or not yet. */
export async function inspectAdapter(path: string): Promise<Inspection> {
  const run = await readRun(path);
  const folder = await adapterFolder(path);
  if (folder === undefined) {
    const headline = `${path} is a run of rlrr train that has kept no adapter yet.`;
    return { record: { type: "run", path, run }, text: renderFacts(headline, runFacts(run)), tensors: [] };
  }
  const adapter = await readAdapter(path);
  const weights = join(folder, "adapter_model.safetensors");
  const { size: bytes } = await stat(weights);
  const trained = countTrained(adapter);
  const { base, method, labels, preprocessing, config, training } = adapter;
  const what = run ? `a run of rlrr train with its adapter` : "an adapter";
  const text = renderFacts(`${path} is ${what}.`, [
    ["method", renderMethod(adapter)],
    ["base", base.id],
    ["base sha256", base.sha256],
    ["labels", renderSome(labels)],
    ["trained", `${renderCount(trained.all)} numbers, ${renderCount(trained.head)} of them the head's`],
    ["size", renderBytes(bytes)],
    ["preprocessing", renderSteps(preprocessing)],
    ...trainingFacts(training),
    ...runFacts(run),
  ]);
  return {
    record: {
      ...{ type: "adapter", path, bytes, method, base, labels, config, preprocessing, training },
      ...{ trained: trained.all, headTrained: trained.head, ...(run && { run }) },
    },
    text,
    tensors: (await listTensors(weights)).tensors,
  };
}

function countTrained({ tensors }: Adapter): { all: number; head: number } {
  const sizes = [...tensors].map(([name, { data }]) => ({
    head: name.startsWith("head."),
    size: data.length,
  }));
  const sum = (rows: typeof sizes) => rows.reduce((total, { size }) => total + size, 0);
  return { all: sum(sizes), head: sum(sizes.filter(({ head }) => head)) };
}

function renderMethod({ method: { name, options } }: Adapter): string {
  const parts = Object.entries(options).map(([option, value]) => `${option} ${[value].flat().join(",")}`);
  return parts.length > 0 ? `${name} (${parts.join(", ")})` : name;
}

/** The facts that a person asks for first; all of them are in the record. */
function trainingFacts(training: Adapter["training"]): Fact[] {
  const number = (name: string) => (typeof training[name] === "number" ? training[name] : undefined);
  const [epochs, kept, top1] = ["epochs", "keptEpoch", "validationTop1"].map(number);
  const recipe = ["learningRate", "batchSize", "dropout", "dropPath", "seed"].flatMap((name) => {
    const value = number(name);
    return value === undefined || (value === 0 && name.startsWith("drop"))
      ? []
      : [`${name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)} ${value}`];
  });
  const images = number("trainImages");
  return [
    ["trained on", images === undefined ? undefined : `${renderCount(images)} images`],
    ["recipe", recipe.length > 0 ? recipe.join(", ") : undefined],
    [
      "kept",
      kept === undefined ? undefined : `epoch ${kept + 1}${epochs === undefined ? "" : ` of ${epochs}`}`,
    ],
    ["validation", top1 === undefined ? undefined : `top-1 ${top1.toFixed(2)} %`],
  ];
}

/** Of run.json what is shown; a file that says more or less is still a run's. */
const runSchema = z.object({
  model: z.object({ id: z.string(), sha256: z.string() }),
  data: z.object({ root: z.string(), classes: z.array(z.string()) }),
  method: z.object({ name: z.string(), options: z.record(z.string(), z.unknown()) }),
  recipe: z.record(z.string(), z.unknown()),
});

interface Run extends z.output<typeof runSchema> {
  readonly state?: ReturnType<typeof parsePosition>;
}

async function readRun(folder: string): Promise<Run | undefined> {
  const path = join(folder, "run.json");
  if (!(await stat(path).catch(() => undefined))) return undefined;
  const parsed = runSchema.safeParse(await readJson(path));
  if (!parsed.success) throw new FileError(`${path} is not what rlrr train writes, or it is damaged.`);
  const checkpoint = join(folder, "checkpoint.safetensors");
  if (!(await stat(checkpoint).catch(() => undefined))) return parsed.data;
  const { metadata } = await listTensors(checkpoint);
  return { ...parsed.data, state: parsePosition(metadata.get("position"), checkpoint) };
}

function runFacts(run: Run | undefined): Fact[] {
  if (!run) return [];
  const { data, recipe, state } = run;
  const epochs = typeof recipe.epochs === "number" ? ` of ${recipe.epochs}` : "";
  const stands = state?.finished
    ? `finished after ${renderCount(state.step)} steps`
    : state &&
      `in epoch ${state.epoch + 1}${epochs}, after ${renderCount(state.step)} steps; --resume goes on`;
  return [
    ["data", `${data.root} (${renderCount(data.classes.length)} classes)`],
    ["run", stands ?? "no state is saved yet"],
  ];
}
