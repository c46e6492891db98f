import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readGolden } from "../../test/golden.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import "../../test/close-to-tensor.ts";
import { openEngine } from "../engine/open-engine.ts";
import { writeSafetensors } from "../formats/safetensors.ts";
import { type Shape, sizeOf, type Tensor } from "../formats/tensor.ts";
import { predictGraph } from "../predict/predict-graph.ts";
import { backboneOf } from "./architectures.ts";
import { affineOf, weightLayers } from "./layers.ts";
import type { Model } from "./model.ts";
import { readModel } from "./read-model.ts";
import { constantsOf } from "./weight-constants.ts";
import { writeModel } from "./write-model.ts";

interface Case {
  readonly title: string;
  readonly config: Readonly<Record<string, unknown>> | null;
  /** Stands before all names but those of `extra`. */
  readonly prefix: string;
  readonly tensors: Readonly<Record<string, Shape>>;
  /** Tensors that belong to the file, and not to the model. */
  readonly extra: Readonly<Record<string, Shape>>;
  readonly imageSize: readonly [number, number];
  readonly logits?: readonly number[];
  readonly feature?: readonly number[];
}

const { cases } = readGolden<{ readonly cases: readonly Case[] }>("models");
const imageIndex = 999;

/** The formula of parity/make_model_golden.py: numbers from -0.5 to 0.5. */
function byFormula(index: number, shape: Shape): Tensor {
  const number = (_: unknown, at: number) =>
    (((Math.imul(at, 2654435761) + index * 97531 + 7) >>> 24) - 128) / 256;
  return { shape, data: Float32Array.from({ length: sizeOf(shape) }, number) };
}

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

async function writeCase({ title, config, prefix, tensors, extra }: Case): Promise<string> {
  const path = join(folder, title.replace(/\W+/g, "-"));
  mkdirSync(path);
  const own = Object.entries(tensors).map(
    ([name, shape], index) => [prefix + name, byFormula(index, shape)] as const,
  );
  const others = Object.entries(extra).map(([name, shape]) => [name, byFormula(500, shape)] as const);
  await writeSafetensors(join(path, "model.safetensors"), new Map([...own, ...others]));
  if (config) writeFileSync(join(path, "config.json"), JSON.stringify(config));
  return path;
}

async function answer(model: Model): Promise<Readonly<Record<string, ArrayLike<number>>>> {
  const frozen = constantsOf(model.weights);
  const layers = weightLayers(affineOf(frozen), frozen);
  const head = model.config.classes > 0 ? { head: frozen } : {};
  const session = await engine.compile(
    predictGraph(backboneOf(model.config), { layers, batchSize: 1, ...head }),
  );
  const { data } = byFormula(imageIndex, [3, ...model.config.imageSize]);
  const results = await session.run({ images: data });
  await session.close();
  return results;
}

describe("models of other projects", () => {
  it.each(cases.map((one) => [one.title, one] as const))(
    "%s answers alike, and so does a copy of it",
    async (_, one) => {
      // Of those without a configuration, MoCo v3's names tell the heads.
      const heads = one.config === null && !one.prefix ? { heads: 3 } : {};
      const model = await readModel(await writeCase(one), heads);
      expect(model.config.imageSize).toEqual(one.imageSize);
      const results = await answer(model);
      for (const kind of ["logits", "feature"] as const)
        if (one[kind]) expect(results[kind]).toBeCloseToTensor(one[kind], { relative: 1e-4 });
      const copy = join(folder, "copies", String(cases.indexOf(one)));
      await writeModel(copy, model);
      const written = await answer(await readModel(copy));
      for (const kind of ["logits", "feature"] as const)
        if (one[kind]) expect(written[kind]).toBeCloseToTensor(one[kind], { relative: 1e-4 });
    },
  );
});
