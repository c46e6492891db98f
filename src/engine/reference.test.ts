import { describe, expect, it } from "vitest";
import { EngineError, InputError } from "../errors.ts";
import { add, matmul, softmax } from "../graph/ops.ts";
import { constant, input } from "../graph/value.ts";
import { evaluate, referenceEngine } from "./reference.ts";

// Its kernels are proven against ONNX Runtime in graph/ops.test.ts.
describe("referenceEngine", () => {
  const x = input("x", [2, 2]);

  it("runs as any engine does, in float32", async () => {
    const engine = referenceEngine();
    const session = await engine.compile({ outputs: { y: matmul(x, x) } });
    // [1 2; 3 4]² = [7 10; 15 22]
    expect(await session.run({ x: Float32Array.of(1, 2, 3, 4) })).toEqual({
      y: Float32Array.of(7, 10, 15, 22),
    });
    await session.close();
    await engine.close();
  });

  it("computes in float64 between", () => {
    const y = add(add(x, constant({ shape: [], data: Float32Array.of(2 ** 30) })), softmax(x));
    const { y: result } = evaluate({ outputs: { y } }, { x: new Float64Array(4) });
    // softmax of equal numbers is 1/2, lost beside 2³⁰ in float32
    expect(result?.data[0]).toBe(2 ** 30 + 0.5);
  });

  it.each([
    [{}, 'run: input "x" was not fed.'],
    [{ x: new Float32Array(5) }, 'run: input "x" needs 4 numbers, got 5.'],
  ])("refuses feeds that do not fit", async (feeds, message) => {
    const session = await referenceEngine().compile({ outputs: { y: softmax(x) } });
    await expect(session.run(feeds)).rejects.toThrow(new InputError(message));
  });

  it("refuses weights in files", () => {
    const y = add(x, constant({ shape: [2, 2], path: "model.safetensors", offset: 8 }));
    expect(() => evaluate({ outputs: { y } }, { x: new Float32Array(4) })).toThrow(
      new EngineError("The reference engine needs weights in memory; model.safetensors is a file."),
    );
  });
});
