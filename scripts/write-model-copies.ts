/** Writes the tiny models of test/golden/models.json as rlrr writes models, for parity/read_model_copies.py to read. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { writeSafetensors } from "../src/formats/safetensors.ts";
import { hasClass, writeModel } from "../src/model/write-model.ts";
import { imageOf, modelCases, readCase } from "../test/model-cases.ts";

const folder = process.argv[2];
if (folder === undefined) throw new Error("Name a new folder.");
process.env.RLRR_CACHE = join(folder, "cache");
mkdirSync(join(folder, "originals"), { recursive: true });

for (const [at, one] of modelCases.entries()) {
  const name = String(at).padStart(2, "0");
  const model = await readCase(one, join(folder, "originals", name));
  await writeModel(join(folder, name), model);
  await writeSafetensors(join(folder, `${name}.safetensors`), new Map([["image", imageOf(one)]]));
  const { title, logits } = one;
  const facts = { title, logits, hasClass: hasClass(model.config) };
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(facts));
}
