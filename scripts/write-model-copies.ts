/**
 * Prints how far our answers are from those in test/golden/models.json, relative to the largest number, and writes each tiny
 * model as rlrr writes models, for parity/read_model_copies.py to read.
 */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openEngine } from "../src/engine/open-engine.ts";
import { writeSafetensors } from "../src/formats/safetensors.ts";
import { hasClass, writeModel } from "../src/model/write-model.ts";
import { answerOf } from "../test/answer-of.ts";
import { imageOf, modelCases, readCase } from "../test/model-cases.ts";

const folder = process.argv[2];
if (folder === undefined) throw new Error("Name a new folder.");
process.env.RLRR_CACHE = join(folder, "cache");
mkdirSync(join(folder, "originals"), { recursive: true });
const engine = await openEngine({ threads: 1 });

for (const [at, one] of modelCases.entries()) {
  const name = String(at).padStart(2, "0");
  const model = await readCase(one, join(folder, "originals", name));
  await writeModel(join(folder, name), model);
  await writeSafetensors(join(folder, `${name}.safetensors`), new Map([["image", imageOf(one)]]));
  const { title, logits, feature } = one;
  const answers = await answerOf(model, one, engine);
  const expected = logits ?? feature ?? [];
  const found = logits ? answers.logits : answers.feature;
  const size = Math.max(...expected.map(Math.abs));
  const difference = Math.max(...expected.map((value, at) => Math.abs(value - (found?.[at] ?? Number.NaN))));
  console.log(`${(difference / size).toExponential(1)} ${title}${logits ? "" : " (feature)"}`);
  const facts = { title, logits, hasClass: hasClass(model.config) };
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(facts));
}
await engine.close();
