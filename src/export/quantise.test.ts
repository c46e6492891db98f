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
import type { Ranges } from "./calibration.ts";
import { halve } from "./halve.ts";
import { quantise, quantisedProducts } from "./quantise.ts";
import { quantiseStatic } from "./quantise-static.ts";

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

async function run(
  name: string,
  changed: OnnxModel,
  { feed, output = "logits" }: { readonly feed: Float32Array; readonly output?: string },
): Promise<Float32Array> {
  const path = join(folder, `${name}.onnx`);
  writeFileSync(path, encodeOnnx(changed));
  await using file = await openOnnxFile(path, { threads: 1 });
  const outputs = await file.run({ pixel_values: { data: feed, shape: [rows, inner] } });
  return outputs[output] ?? new Float32Array();
}
const exact = () => run("exact", model, { feed: data });
const largest = (numbers: Float32Array) => numbers.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
const apart = (a: Float32Array, b: Float32Array) => largest(a.map((x, at) => x - (b[at] as number)));

describe("quantise", () => {
  it("differs by a hundredth, in a quarter of the bytes", async () => {
    const original = await exact();
    const quantised = quantise(model);
    expect(apart(await run("int8", quantised, { feed: data }), original)).toBeLessThan(
      0.01 * largest(original),
    );
    const bytesOf = ({ constants }: OnnxModel) =>
      constants.filter(({ shape }) => shape.includes(out)).reduce((sum, one) => sum + one.data.length, 0);
    expect(bytesOf(quantised)).toBeLessThan(0.3 * bytesOf(model));
    expect(quantised.nodes.filter(({ type }) => type === "MatMulInteger")).toHaveLength(1);
  });

  it("gives a row what it gives it beside any others", async () => {
    const others = data.slice();
    for (let at = inner; at < others.length; at++) others[at] = 1000 * (others[at] as number);
    const [one, other] = [
      await run("int8", quantise(model), { feed: data }),
      await run("int8", quantise(model), { feed: others }),
    ];
    expect(other.subarray(0, out)).toEqual(one.subarray(0, out));
  });
});

describe("quantiseStatic", () => {
  const [x = ""] = quantisedProducts(model).map((product) => product.x);
  /** The range of each column that the second product reads. */
  async function ranges(feed: Float32Array): Promise<Ranges> {
    const inside = { ...model, outputs: [{ name: x, type: "float32" as const, sides: [rows, inner] }] };
    const numbers = await run("inside", inside, { feed, output: x });
    const columns = Array.from({ length: inner }, (_, at) =>
      numbers.filter((_, from) => from % inner === at),
    );
    const least = (column: Float32Array) => column.reduce((a, b) => Math.min(a, b));
    const most = (column: Float32Array) => column.reduce((a, b) => Math.max(a, b));
    return new Map([[x, { low: Float32Array.from(columns, least), high: Float32Array.from(columns, most) }]]);
  }
  const error = (numbers: Float32Array, exact: Float32Array) => apart(numbers, exact) / largest(exact);

  it("differs by two hundredths within the ranges that it was given", async () => {
    const fixed = quantiseStatic(model, await ranges(data));
    expect(error(await run("static", fixed, { feed: data }), await exact())).toBeLessThan(0.02);
  });

  it("keeps columns that are small beside one that is a hundred times as wide", async () => {
    const [known] = [...(await ranges(data)).values()];
    const wide = { low: known?.low.slice() ?? data, high: known?.high.slice() ?? data };
    wide.high[7] = 100 * (wide.high[7] as number);
    const fixed = quantiseStatic(model, new Map([[x, wide]]));
    expect(error(await run("wide", fixed, { feed: data }), await exact())).toBeLessThan(0.05);
  });

  it("cuts what is beyond them", async () => {
    const narrow = await ranges(data.map((number) => number / 10));
    const cut = await run("cut", quantiseStatic(model, narrow), { feed: data });
    expect(error(cut, await exact())).toBeGreaterThan(0.3);
  });
});

describe("halve", () => {
  it("takes and gives float32, and differs by a thousandth", async () => {
    const original = await exact();
    expect(apart(await run("fp16", halve(model), { feed: data }), original)).toBeLessThan(
      2e-3 * largest(original),
    );
  });
});
