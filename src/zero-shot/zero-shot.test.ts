import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { answerOf } from "../../test/answer-of.ts";
import type { ModelCase } from "../../test/model-cases.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { writeZeroShotCase, zeroShotGolden } from "../../test/zero-shot-cases.ts";
import "../../test/close-to-tensor.ts";
import { openEngine } from "../engine/open-engine.ts";
import { readModel } from "../model/read-model.ts";
import { promptsOf } from "./prompts.ts";
import { readTokenizer } from "./tokenizer.ts";
import { zeroShot } from "./zero-shot.ts";

const { labels, templates, imageSize, cases } = zeroShotGolden;
const folder = temporaryFolder("zero-shot");
const cacheBefore = process.env.RLRR_CACHE;
process.env.RLRR_CACHE = join(folder, "cache");
const engine = await openEngine({ threads: 1 });
afterAll(async () => {
  if (cacheBefore === undefined) delete process.env.RLRR_CACHE;
  else process.env.RLRR_CACHE = cacheBefore;
  await engine.close();
});

describe("a CLIP or SigLIP without training", () => {
  it.each(cases.map((one, at) => [one.title, one, at] as const))(
    "answers prompts as %s does",
    async (_, one, at) => {
      const path = await writeZeroShotCase(one, join(folder, `model-${at}`));
      const tokenizer = await readTokenizer(path);
      const prompts = promptsOf(labels, templates).flat();
      expect(prompts.map((prompt) => tokenizer.encode(prompt))).toEqual(one.ids);
      const out = join(folder, `made-${at}`);
      const made = await zeroShot({ model: path, classes: labels, templates, out, engine });
      expect(made.classes).toEqual(labels);
      const model = await readModel(out);
      const { logits } = await answerOf(model, { imageSize } as unknown as ModelCase, engine);
      expect(model.labels).toEqual(labels);
      expect(logits).toBeCloseToTensor(one.logits, { relative: 1e-5 });
    },
  );
});
