import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { openOnnxFile } from "../engine/onnx-file.ts";
import { InputError } from "../errors.ts";
import { encodeOnnx, type OnnxModel } from "../formats/onnx-model.ts";
import { applySteps } from "../preprocessing/preprocess.ts";
import type { Filter, Step } from "../preprocessing/steps.ts";
import { randomStream } from "../random.ts";
import { withPreprocessing } from "./preprocess-nodes.ts";
import type { Arithmetic } from "./resize-nodes.ts";

const folder = temporaryFolder("preprocess-nodes");

/** Gives what comes in. */
const identity: OnnxModel = {
  nodes: [{ type: "Identity", inputs: ["pixel_values"], outputs: ["logits"], attributes: {} }],
  constants: [],
  inputs: [],
  outputs: [{ name: "logits", type: "float32", sides: ["batch", 3, 28, 24] }],
};
const normalize: Step = ["normalize", { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] }];
const sizes = [
  ...[
    [150, 205],
    [25, 30],
    [28, 24],
    [250, 50],
    [18, 50],
    [27, 25],
  ],
  ...[
    [1, 1],
    [3, 100],
  ],
] as const;

function randomImage(height: number, width: number) {
  const numbers = new Float32Array(height * width * 3);
  randomStream(1, "image", height, width).fillUniform(numbers, { low: 0, high: 256 });
  return { height, width, pixels: Uint8Array.from(numbers) };
}

/** The numbers of the graph and those of applySteps, for images of each size. */
async function bothOf(name: string, steps: readonly Step[], arithmetic: Arithmetic) {
  const path = join(folder, `${arithmetic}-${name.replaceAll(" ", "-")}.onnx`);
  writeFileSync(path, encodeOnnx(withPreprocessing(identity, steps, { arithmetic })));
  await using file = await openOnnxFile(path, { threads: 1 });
  const both: { size: string; found: Float32Array; own: Float32Array }[] = [];
  for (const [height = 0, width = 0] of sizes) {
    const image = randomImage(height, width);
    const plane = height * width;
    const data = Float32Array.from(
      { length: 3 * plane },
      (_, at) => image.pixels[3 * (at % plane) + Math.floor(at / plane)] as number,
    );
    const { logits } = await file.run({ pixel_values: { data, shape: [1, 3, height, width] } });
    const own = applySteps(image, steps, { where: "image" });
    both.push({ size: `${height} × ${width}`, found: logits ?? new Float32Array(), own });
  }
  return both;
}

describe("withPreprocessing", () => {
  const cases: [string, readonly Step[]][] = [
    ...(["box", "bilinear", "hamming", "bicubic", "lanczos"] as const).map(
      (filter): [string, readonly Step[]] => [filter, [["resize", { size: [28, 24], filter }], normalize]],
    ),
    [
      "a crop after the shorter side",
      [["resizeShort", { size: 31, filter: "bicubic" }], ["centerCrop", { size: [28, 24] }], normalize],
    ],
    [
      "a crop of more than there is",
      [["resize", { size: [25, 31], filter: "bicubic" }], ["centerCrop", { size: [28, 24] }], normalize],
    ],
  ];

  it.each(cases)("makes the same numbers as applySteps, to the last bit: %s", async (name, steps) => {
    for (const { size, found, own } of await bothOf(name, steps, "float64")) expect(found, size).toEqual(own);
  });

  it.each(cases.slice(1))("differs by one of 255 in a few, in float32: %s", async (name, steps) => {
    // One of 255, as the last step divides it.
    const level = 1 / 255 / 0.224;
    let [numbers, other] = [0, 0];
    for (const { size, found, own } of await bothOf(name, steps, "float32")) {
      const apart = own.map((number, at) => Math.abs(number - (found[at] as number)));
      expect(Math.max(...apart), size).toBeLessThan(1.1 * level);
      numbers += own.length;
      other += apart.filter((number) => number > 0).length;
    }
    // Halves are common where sizes are small.
    expect(other / numbers).toBeLessThan(0.01);
  });

  it("refuses box in float32, whose edges fall on pixels", () => {
    const steps: Step[] = [["resize", { size: [28, 24], filter: "box" }], normalize];
    expect(() => withPreprocessing(identity, steps, { arithmetic: "float32" })).toThrow(
      "in float32, which this target needs, its edges would take other pixels",
    );
  });

  it("refuses the filter that it does not have", () => {
    const filter: Filter = "nearest";
    const steps: Step[] = [["resize", { size: [28, 24], filter }], normalize];
    expect(() => withPreprocessing(identity, steps, { arithmetic: "float64" })).toThrow(
      new InputError(
        "Preprocessing cannot be inside the graph: resized to 24 × 28 pixels (nearest, aspect ratio not kept), and ONNX has no nearest filter of that kind. Leave preprocessInside out.",
      ),
    );
  });
});
