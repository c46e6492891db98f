import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { answerOf } from "../../test/answer-of.ts";
import { modelCases, readCase } from "../../test/model-cases.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import "../../test/close-to-tensor.ts";
import { openEngine } from "../engine/open-engine.ts";
import { readModel } from "./read-model.ts";
import { writeModel } from "./write-model.ts";

const folder = temporaryFolder("models-golden");
const cacheBefore = process.env.RLRR_CACHE;
process.env.RLRR_CACHE = join(folder, "cache");
mkdirSync(join(folder, "copies"));
const engine = await openEngine({ threads: 1 });
afterAll(async () => {
  if (cacheBefore === undefined) delete process.env.RLRR_CACHE;
  else process.env.RLRR_CACHE = cacheBefore;
  await engine.close();
});

describe("models of other projects", () => {
  it.each(modelCases.map((one, at) => [one.title, one, at] as const))(
    "%s answers alike, and so does a copy of it",
    async (_, one, at) => {
      const model = await readCase(one, join(folder, String(at)));
      expect(model.config.imageSize).toEqual(one.imageSize);
      const copy = join(folder, "copies", String(at));
      await writeModel(copy, model);
      for (const read of [model, await readModel(copy)]) {
        const results = await answerOf(read, one, engine);
        for (const kind of ["logits", "feature"] as const)
          if (one[kind]) expect(results[kind]).toBeCloseToTensor(one[kind], { relative: 1e-4 });
      }
    },
  );
});
