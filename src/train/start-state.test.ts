import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { tinyModel } from "../../test/tiny-model.ts";
import { allTrainables } from "../adapter/head.ts";
import { FileError, InputError } from "../errors.ts";
import { sizeOf } from "../formats/tensor.ts";
import { readWeight } from "../formats/weight-bytes.ts";
import { chooseMethod } from "../methods/methods.ts";
import { backboneOf } from "../model/architectures.ts";
import { readModel } from "../model/read-model.ts";
import { writeModel } from "../model/write-model.ts";
import { startState } from "./start-state.ts";

const model = tinyModel();
const trainablesOf = (method: string) =>
  allTrainables(chooseMethod({ name: method, options: {} }, "test").adaptation, backboneOf(model.config), 3);

describe("startState", () => {
  it("has a tensor and two moments of zero for everything that trains", async () => {
    const trainables = trainablesOf("rlrr");
    const state = await startState(trainables, { ...model, seed: 1 });
    expect([...state.keys()]).toEqual(trainables.map(({ name }) => name));
    for (const { name, shape } of trainables) {
      const { parameter, first, second } = state.get(name) ?? {};
      const zeros = new Float32Array(sizeOf(shape));
      expect(parameter?.length, name).toBe(zeros.length);
      expect([first, second]).toEqual([zeros, zeros]);
    }
    expect(state.get("head.weight")?.parameter).toEqual(new Float32Array(3 * 16));
  });

  it("samples the same for the same seed, tensor by tensor", async () => {
    const trainables = trainablesOf("rlrr");
    const state = await startState(trainables, { ...model, seed: 1 });
    expect(await startState(trainables, { ...model, seed: 1 })).toEqual(state);
    const other = await startState(trainables.toReversed(), { ...model, seed: 2 });
    expect(other.get("blocks.0.q.left")).not.toEqual(state.get("blocks.0.q.left"));
    const reversed = await startState(trainables.toReversed(), { ...model, seed: 1 });
    expect(reversed.get("blocks.0.q.left")).toEqual(state.get("blocks.0.q.left"));
  });

  it("starts from copies of frozen weights, in memory or on disk", async () => {
    const folder = join(temporaryFolder("start-state"), "base");
    await writeModel(folder, model);
    const trainables = trainablesOf("full");
    const here = await startState(trainables, { ...model, seed: 1 });
    expect(await startState(trainables, { ...(await readModel(folder)), seed: 1, readWeight })).toEqual(here);
    const cls = model.weights.get("cls");
    expect(here.get("cls")?.parameter).toEqual(cls && "data" in cls ? cls.data : undefined);
    here.get("cls")?.parameter.fill(7);
    expect(cls && "data" in cls && cls.data.every((x) => x !== 7)).toBe(true);
  });

  it("starts from what a method makes of a frozen weight, in memory or on disk", async () => {
    const folder = join(temporaryFolder("start-state-made"), "base");
    await writeModel(folder, model);
    const twice = {
      ...{ name: "x", shape: [16], decay: false, start: "frozen" as const },
      from: { name: "norm.weight", make: (weight: Float32Array) => weight.map((one) => 2 * one) },
    };
    const norm = model.weights.get("norm.weight");
    const expected = norm && "data" in norm ? norm.data.map((one) => 2 * one) : undefined;
    const weightsOnDisk = { ...(await readModel(folder)), seed: 1, readWeight };
    for (const start of [{ ...model, seed: 1 }, weightsOnDisk])
      expect((await startState([twice], start)).get("x")?.parameter).toEqual(expected);
  });

  it("needs the weight that it starts from", async () => {
    const weights = new Map(model.weights);
    weights.delete("cls");
    await expect(startState(trainablesOf("full"), { weights, seed: 1 })).rejects.toThrow(
      new FileError('The model has no weight "cls".'),
    );
  });

  it("refuses a start of another size than its shape", async () => {
    const short = { name: "x", shape: [2, 3], decay: false, start: () => new Float32Array(5) };
    await expect(startState([short], { weights: new Map(), seed: 1 })).rejects.toThrow(
      new InputError('Trainable "x" of shape [2, 3] starts with 5 values; its method must make 6.'),
    );
  });
});
