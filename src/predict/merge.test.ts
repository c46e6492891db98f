import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { randomAdapter, tinyModel } from "../../test/tiny-model.ts";
import { writeAdapter } from "../adapter/adapter-file.ts";
import type { Engine } from "../engine/engine.ts";
import { openEngine } from "../engine/open-engine.ts";
import { EngineError } from "../errors.ts";
import { writeModel } from "../model/write-model.ts";
import { merge } from "./merge.ts";

const root = temporaryFolder("merge-proof");
const at = (...names: string[]) => join(root, ...names);
const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());
const out = at("out", "merged");

beforeAll(async () => {
  await writeModel(at("base"), tinyModel());
  const adapter = await randomAdapter(tinyModel(), { name: "rlrr" });
  await writeAdapter(at("adapter"), { ...adapter, base: { ...adapter.base, id: at("base") } });
});
beforeEach(() => mkdirSync(out, { recursive: true }));

/** The same engine, with each answer of a whole model changed by `change`: the adapted model's, then the merged one's. */
function changed(change: (logits: Float32Array, answer: number) => Float32Array): Engine {
  let answer = 0;
  return {
    ...{ name: engine.name, notes: [], close: async () => {}, [Symbol.asyncDispose]: async () => {} },
    compile: async (graph) => {
      const session = await engine.compile(graph);
      return {
        buffer: (name) => session.buffer(name),
        close: () => session.close(),
        run: async (feeds) => {
          const { logits, ...others } = await session.run(feeds);
          return logits ? { ...others, logits: change(logits, ++answer) } : others;
        },
      };
    },
  };
}

describe("merge", () => {
  it("gives the model its name after it is found equal", async () => {
    const seen: string[][] = [];
    const watching = changed((logits) => {
      seen.push(readdirSync(out));
      return logits;
    });
    const { difference } = await merge(at("adapter"), out, { engine: watching });
    expect(difference).toBeLessThan(1e-6);
    expect(seen).toEqual([[], []]);
    expect(readdirSync(at("out"))).toEqual(["merged"]);
    expect(existsSync(join(out, "model.safetensors"))).toBe(true);
  });

  it.each([
    [
      "differs",
      (logits: Float32Array) => logits.map((logit) => 2 * logit + 1),
      /own: the merged model's logits differ by \S+ of their size from the adapted model's; at most 1e-4 is rounding\. It was not kept\.$/,
    ],
    [
      "cannot be run",
      () => {
        throw new EngineError("ONNX Runtime: out of memory.");
      },
      /^ONNX Runtime: out of memory\.$/,
    ],
  ])("keeps no model that %s, and the user's empty folder as it was", async (_, break_, message) => {
    const folder = at("own");
    mkdirSync(folder, { recursive: true });
    const broken = changed((logits, answer) => (answer === 2 ? break_(logits) : logits));
    const merging = merge(at("adapter"), folder, { engine: broken });
    await expect(merging).rejects.toThrow(EngineError);
    await expect(merging).rejects.toThrow(message);
    expect(readdirSync(folder)).toEqual([]);
    expect(readdirSync(root).filter((name) => name.startsWith(".own"))).toEqual([]);
  });
});
