import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { answerOf } from "../../test/answer-of.ts";
import type { ModelCase } from "../../test/model-cases.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { writeZeroShotCase, zeroShotGolden } from "../../test/zero-shot-cases.ts";
import "../../test/close-to-tensor.ts";
import { openEngine } from "../engine/open-engine.ts";
import { readModel } from "../model/read-model.ts";
import { readClassNames } from "./class-names.ts";
import { parsePrompts, promptsOf } from "./prompts.ts";
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

describe("names and prompts", () => {
  it("puts a name into a template as it is, whatever it holds", () => {
    const names = ["US$$", "a$&b", "c_d"];
    expect(promptsOf(names, ["{}, {}"]).flat()).toEqual(["US$$, US$$", "a$&b, a$&b", "c d, c d"]);
  });

  it("says of which class the prompts are none", () => {
    const value = { cat: "a cat", dog: [] };
    expect(() => parsePrompts(value, { path: "prompts.json", labels: ["cat", "dog"] })).toThrow(
      'prompts.json: prompts are an object such as {"cat": ["a photo of a cat.", "a cat indoors."]}, but dog is [].',
    );
  });

  it("reads names in UTF-8 alone, with or without a byte order mark", async () => {
    const path = join(folder, "names.txt");
    writeFileSync(path, "\uFEFFÄrger\r\n\r\n cat \n");
    expect(await readClassNames(path)).toEqual(["Ärger", "cat"]);
    writeFileSync(path, Buffer.from("caf\xe9\ncat\n", "latin1"));
    await expect(readClassNames(path)).rejects.toThrow(`${path} is not UTF-8 text. Save it as UTF-8.`);
  });
});
