/** The README.md of an adapter: metadata for the hub in front, facts for people after. */

import type { TemperatureFit } from "../calibration/temperature.ts";
import type { UnknownRule } from "../calibration/unknown.ts";
import { methodOf } from "../methods/methods.ts";
import { parseHubId } from "../model/hub.ts";
import type { Adapter } from "./adapter.ts";
import { shareableName } from "./base-name.ts";
import { describeValidation, validationOf } from "./validation.ts";

/** Labels beyond these are only counted: a card is for reading. */
export const mostLabels = 200;

/** Markdown with YAML front matter: https://huggingface.co/docs/hub/model-cards. */
export function renderModelCard(adapter: Adapter): string {
  const { base, method, labels, training, tensors, calibration, unknown } = adapter;
  const trained = [...tensors.values()].reduce((total, { data }) => total + data.length, 0);
  const head = [...tensors].reduce(
    (total, [name, { data }]) => total + (name.startsWith("head.") ? data.length : 0),
    0,
  );
  const { keptEpoch: kept, continuedFrom: from, validation: _, validationTop1: __, ...rest } = training;
  // Records count epochs from 0, people from 1.
  const own = training.start === "head" ? "the model's own head" : "linear probe";
  const start = from ? "the start, as it was continued from" : own;
  const keptEpoch = typeof kept === "number" ? (kept < 0 ? start : kept + 1) : undefined;
  const validated = validationOf(training);
  const forPeople = {
    ...{ method, ...rest, keptEpoch },
    continuedFrom: from && `the adapter of ${from.name}, sha256 ${from.sha256}`,
    accuracy: validated && describeValidation(validated),
    temperature: calibration && sayCalibration(calibration),
    noneOfThese: unknown && sayUnknown(unknown),
  };
  const facts = Object.entries(forPeople).flatMap(([name, value]) =>
    value === undefined ? [] : [`| ${plainText(name)} | ${plainText(render(value))} |`],
  );
  const more = labels.length > mostLabels ? ` and ${labels.length - mostLabels} more` : "";
  const hub = parseHubId(base.id);
  const known = methodOf(adapter);
  const named = `${hub ? "" : " --model BACKBONE"}${known.ownMethod ? " --method FILE" : ""}`;
  const merge = known.method.unmergeable === undefined ? `rlrr merge --adapter .${named} --out merged\n` : "";
  return `---
${hub ? `base_model: ${hub.name}\nbase_model_relation: adapter\n` : ""}library_name: rlrr
pipeline_tag: image-classification
tags:
- rlrr
- vision-transformer
---

# ${labels.length} classes on ${plainText(shareableName(base.id))}

A Vision Transformer adapted with \`${method.name}\`: ${trained.toLocaleString("en")} trainable parameters, ${head.toLocaleString("en")} in the head.
The backbone is not in this folder. It is ${sayBase(base)}; its weights have the hash \`${base.sha256}\`.

\`\`\`
rlrr predict --adapter .${named} photo.jpg
${merge}\`\`\`

| training | |
|---|---|
${facts.join("\n")}

Classes: ${labels.slice(0, mostLabels).map(plainText).join(", ")}${more}
`;
}

/** What to look for, and where. */
const sayBase = ({ id, revision }: Adapter["base"]): string => {
  const name = plainText(shareableName(id));
  if (!parseHubId(id)) return `${name}, which whoever trained this has`;
  return `${name} of the hub${revision === undefined ? "" : `, commit \`${revision}\``}`;
};

const sayCalibration = ({ temperature, images, before, after }: TemperatureFit): string =>
  `${temperature.toFixed(3)}, fitted on ${images} validation images; on them the calibration error (ECE, 15 bins) was ${before.ece.toFixed(3)} and is ${after.ece.toFixed(3)}`;

const sayUnknown = ({ threshold, images, kept, estimate }: UnknownRule): string =>
  `highest probability below ${threshold.toFixed(3)}, which keeps ${kept} of ${images} validation images${estimate ? ` and would find ${estimate.found} of them if the head lacked their class` : ""}`;

const render = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

/** Text as it is, on one line: escaped, so that nothing in it is markup, ends a table cell, or changes the direction of writing. */
export const plainText = (text: string): string =>
  text
    .replace(/[\p{Cc}\u2028-\u202e\u2066-\u2069]+/gu, " ")
    .replace(/[\\`*_[\]<>|&#~]/g, (mark) => `\\${mark}`);
