/** Renders a run and its adapter: how it was trained, and where it is. */

import { type AdapterRecord, describeValidation, type InspectedRun, type RunRecord } from "../node.ts";
import { type Fact, renderBytes, renderCount, renderFacts, renderSome, renderSteps } from "./render-facts.ts";

/** A run that has kept no adapter yet. */
export const renderRun = ({ path, chosen, run }: RunRecord): string =>
  renderFacts(`${path} is a run of rlrr train that has kept no adapter yet.`, [
    recipeFact(chosen),
    ...runFacts(run),
  ]);

export function renderAdapter(record: AdapterRecord): string {
  const { path, base, labels, trained, headTrained, bytes, preprocessing, chosen, run } = record;
  return renderFacts(`${path} is ${run ? "a run of rlrr train with its adapter" : "an adapter"}.`, [
    ["method", renderMethod(record)],
    ["base", base.id],
    ["base sha256", base.sha256],
    ["labels", renderSome(labels)],
    ["trained", `${renderCount(trained)} parameters, ${renderCount(headTrained)} in the head`],
    ["size", renderBytes(bytes)],
    ["preprocessing", renderSteps(preprocessing)],
    recipeFact(chosen),
    ...trainingFacts(record),
    ...probabilityFacts(record),
    ...runFacts(run),
  ]);
}

function probabilityFacts({ calibration, unknown }: AdapterRecord): Fact[] {
  const images = (count: number) => `${renderCount(count)} validation images`;
  return [
    [
      "temperature",
      calibration &&
        `${calibration.temperature.toFixed(2)}, from ${images(calibration.images)}: ECE ${calibration.before.ece.toFixed(3)} before, ${calibration.after.ece.toFixed(3)} after`,
    ],
    [
      "none of these",
      unknown &&
        `below ${(100 * unknown.threshold).toFixed(1)} %, which keeps ${renderCount(unknown.kept)} of ${images(unknown.images)}`,
    ],
  ];
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
function trainingFacts({ training, validation, recordsImages }: AdapterRecord): Fact[] {
  const { keptEpoch: kept, trainImages: images, epochs, continuedFrom: from } = training;
  const own = training.start === "head" ? "the model's own head" : "the linear probe";
  const start = from ? "the start, as it was continued from" : own;
  const whole = typeof epochs === "number" ? ` of ${epochs}` : "";
  return [
    ["continued from", from && `the adapter of ${from.name}, sha256 ${from.sha256}`],
    [
      "trained on",
      images === undefined
        ? undefined
        : `${renderCount(images)} images${recordsImages ? "" : "; which is not recorded"}`,
    ],
    ["kept", kept === undefined ? undefined : kept < 0 ? start : `epoch ${kept + 1}${whole}`],
    ["validation", validation && describeValidation(validation)],
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
