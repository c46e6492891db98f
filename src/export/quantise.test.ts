import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { randomNumbers } from "../../test/random-numbers.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { openOnnxFile } from "../engine/onnx-file.ts";
import { encodeOnnx, type OnnxModel } from "../formats/onnx-model.ts";
import { toOnnxModel } from "../graph/onnx.ts";
import { linear } from "../graph/ops.ts";
import { constant, input } from "../graph/value.ts";
import { halve } from "./halve.ts";
import { quantise } from "./quantise.ts";

const folder = temporaryFolder("quantise");
const [rows, inner, out] = [6, 160, 128];
const matrix = (seed: number, shape: readonly number[]) =>
  constant({
    shape,
    data: randomNumbers(
      shape.reduce((a, b) => a * b, 1),
      { seed },
    ),
  });
/** Two products, one after the other; the first stays as it is. */
const model = toOnnxModel(
  {
    outputs: {
      logits: linear(
        linear(input("pixel_values", [rows, inner]), matrix(1, [inner, inner]), matrix(2, [inner])),
        matrix(3, [out, inner]),
        matrix(4, [out]),
      ),
    },
  },
  {},
);
const data = randomNumbers(rows * inner, { seed: 5 });

async function run(name: string, changed: OnnxModel, feed: Float32Array): Promise<Float32Array> {
  const path = join(folder, `${name}.onnx`);
  writeFileSync(path, encodeOnnx(changed));
  await using file = await openOnnxFile(path, { threads: 1 });
  const { logits } = await file.run({ pixel_values: { data: feed, shape: [rows, inner] } });
  return logits ?? new Float32Array();
}
const largest = (numbers: Float32Array) => numbers.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
const apart = (a: Float32Array, b: Float32Array) => largest(a.map((x, at) => x - (b[at] as number)));

describe("quantise", () => {
  it("differs by a hundredth, in a quarter of the bytes", async () => {
    const exact = await run("exact", model, data);
    const quantised = quantise(model);
    expect(apart(await run("int8", quantised, data), exact)).toBeLessThan(0.01 * largest(exact));
    const bytesOf = ({ constants }: OnnxModel) =>
      constants.filter(({ shape }) => shape.includes(out)).reduce((sum, one) => sum + one.data.length, 0);
    expect(bytesOf(quantised)).toBeLessThan(0.3 * bytesOf(model));
    expect(quantised.nodes.filter(({ type }) => type === "MatMulInteger")).toHaveLength(1);
  });

  it("gives a row what it gives it beside any others", async () => {
    const others = data.slice();
    for (let at = inner; at < others.length; at++) others[at] = 1000 * (others[at] as number);
    const [one, other] = [
      await run("int8", quantise(model), data),
      await run("int8", quantise(model), others),
    ];
    expect(other.subarray(0, out)).toEqual(one.subarray(0, out));
  });
});

describe("halve", () => {
  it("takes and gives float32, and differs by a thousandth", async () => {
    const exact = await run("exact", model, data);
    expect(apart(await run("fp16", halve(model), data), exact)).toBeLessThan(2e-3 * largest(exact));
  });
});
