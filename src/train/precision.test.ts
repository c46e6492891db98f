import { afterAll, describe, expect, it } from "vitest";
import { randomNumbers } from "../../test/random-numbers.ts";
import { tinyModel } from "../../test/tiny-model.ts";
import { openEngine } from "../engine/open-engine.ts";
import { referenceEngine } from "../engine/reference.ts";
import { EngineError, InputError } from "../errors.ts";
import { gemm } from "../graph/ops.ts";
import { input } from "../graph/value.ts";
import { examplesInMemory } from "./examples.ts";
import { type FitOptions, fit } from "./fit.ts";
import type { FitState } from "./fit-events.ts";
import { inPrecision, type Precision } from "./precision.ts";

/** Just large enough: 136 tokens of 8 images, 128 wide. */
const model = tinyModel({
  ...{ imageSize: [16, 16], patchSize: 4, width: 128, depth: 2, heads: 2, mlpWidth: 128 },
  ...{ layerNormEps: 1e-6, classes: 2 },
});
const size = 3 * 16 * 16;
const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());

/** Two classes that differ in brightness. */
function examples(count: number, seed: number) {
  const labels = Array.from({ length: count }, (_, at) => at % 2);
  const numbers = randomNumbers(count * size, { seed, low: -0.5, high: 0.5 });
  return examplesInMemory(
    numbers.map((noise, at) => noise + (Math.floor(at / size) % 2 === 0 ? -0.2 : 0.2)),
    labels,
  );
}

const optionsOf = (precision: Precision): FitOptions => ({
  ...{ model, classes: 2, train: examples(32, 1), val: examples(8, 2), engine },
  recipe: { name: "official", epochs: 2, batchSize: 8, warmupEpochs: 0, precision },
});

/** The losses of all steps, and the state after each. */
async function train(options: FitOptions) {
  const losses: number[] = [];
  const states: FitState[] = [];
  for await (const event of fit(options)) {
    if (event.type !== "step") continue;
    losses.push(event.loss);
    const { position, parameters } = event.state;
    states.push(structuredClone({ position, parameters }));
  }
  return { losses, states };
}

describe("training in int8", () => {
  it("follows fp32 closely, but not to the bit", async () => {
    const [exact, int8] = [await train(optionsOf("fp32")), await train(optionsOf("int8"))];
    expect(int8.losses).toHaveLength(8);
    expect(int8.losses).not.toEqual(exact.losses);
    for (const [step, loss] of exact.losses.entries()) expect(int8.losses[step]).toBeCloseTo(loss, 1);
  });

  it("gives the same bits again, and after a resumption", async () => {
    const whole = await train(optionsOf("int8"));
    const middle = whole.states[2];
    if (!middle) throw new Error("internal: eight steps.");
    const rest = await train({ ...optionsOf("int8"), resume: structuredClone(middle) });
    expect(rest.losses).toEqual(whole.losses.slice(3));
    expect(rest.states.at(-1)?.parameters).toEqual(whole.states.at(-1)?.parameters);
  });
});

describe("inPrecision", () => {
  const [x, w] = [input("x", [136, 128]), input("w", [128, 128])];

  it("refuses a graph in which nothing is large enough", async () => {
    const graph = { outputs: { y: gemm(input("a", [8, 8]), input("b", [8, 8])) } };
    await expect(inPrecision(graph, { precision: "int8", engine })).rejects.toThrow(
      new InputError(
        'precision: "int8" would change nothing: no matrix product of this training has 128 rows, columns and terms. Leave it out, or train a larger model, or more images at once.',
      ),
    );
    expect(await inPrecision(graph, { precision: "fp32", engine })).toBe(graph);
  });

  it("refuses an engine that cuts sums off at 16 bits", async () => {
    const exact = referenceEngine();
    const cutting = {
      ...exact,
      compile: async (graph: Parameters<typeof exact.compile>[0]) => {
        const session = await exact.compile(graph);
        return { ...session, run: async () => ({ y: Float32Array.of(2 ** 15 - 1) }) };
      },
    };
    const graph = { outputs: { y: gemm(gemm(x, w), w) } };
    await expect(inPrecision(graph, { precision: "int8", engine: cutting })).rejects.toThrow(EngineError);
    await expect(inPrecision(graph, { precision: "int8", engine: exact })).resolves.toBeDefined();
  });
});
