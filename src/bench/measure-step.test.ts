import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeTinyModel } from "../../test/colour-data.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { openEngine } from "../engine/open-engine.ts";
import { InputError } from "../errors.ts";
import { methods } from "../methods/methods.ts";
import { measureStep } from "./measure-step.ts";

const model = temporaryFolder("measure-step");
beforeAll(() => writeTinyModel(model));
const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());

describe("measureStep", () => {
  it.each(methods.map(({ name }) => name))("times a step of %s", async (method) => {
    const speed = await measureStep({ model, method, engine, batchSize: 4, classes: 3, steps: 2 });
    expect(speed).toMatchObject({ type: "bench", method, batchSize: 4, classes: 3 });
    expect(speed.stepSeconds).toHaveLength(2);
    const [first = 0, second = 0] = speed.stepSeconds;
    expect(speed.imagesPerSecond).toBeCloseTo(4 / ((first + second) / 2), 6);
    expect(speed.trainable).toBeGreaterThanOrEqual(51);
  });

  it.each([
    [{ batchSize: 0 }, "batchSize must be at least 1, got 0."],
    [{ steps: 1.5 }, "steps must be at least 1, got 1.5."],
    [{ batchSize: 2, microBatchSize: 3 }, "microBatchSize must be from 1 to the batch size 2, got 3."],
  ])("refuses %j", async (options, message) => {
    await expect(measureStep({ model, engine, ...options })).rejects.toThrow(new InputError(message));
  });
});
