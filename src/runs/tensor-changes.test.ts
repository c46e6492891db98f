import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { writeSafetensors } from "../formats/safetensors.ts";
import type { Tensor } from "../formats/tensor.ts";
import type { Trainable } from "../methods/method.ts";
import { parseRecipe } from "../train/recipe.ts";
import { measureChanges } from "./tensor-changes.ts";

const tensor = (...values: number[]): Tensor => ({ shape: [values.length], data: Float32Array.from(values) });
const trainable = (name: string, start: Trainable["start"]): Trainable => ({
  name,
  shape: [2],
  decay: false,
  start,
});

const folder = temporaryFolder("changes");

it("measures how far tensors moved: by themselves, or as a share of the pre-trained tensor they began as", async () => {
  const tensors = new Map([
    ["blocks.0.q.left", tensor(3.5, 4.5)],
    ["norm.weight", tensor(3, 5)],
    ["head.weight", tensor(9, 9)],
  ]);
  await writeSafetensors(join(folder, "adapter_model.safetensors"), tensors, {});
  const run = {
    trainables: [
      trainable("blocks.0.q.left", () => Float32Array.of(0.5, 0.5)),
      trainable("norm.weight", "frozen"),
      trainable("head.weight", () => Float32Array.of(0, 0)),
    ],
    recipe: parseRecipe({}),
    adapter: folder,
    options: { model: { weights: new Map([["norm.weight", tensor(3, 4)]]) } },
  };
  // √((3² + 4²) / 2), and √((0² + 1²) / 2) of √((3² + 4²) / 2)
  expect(await measureChanges(run)).toEqual([
    { name: "blocks.0.q.left", change: expect.closeTo(3.5355, 4), relative: false },
    { name: "norm.weight", change: expect.closeTo(0.2, 6), relative: true },
  ]);
  expect(await measureChanges({ ...run, trainables: run.trainables.slice(2) })).toEqual([]);
});
