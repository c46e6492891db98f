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

describe("withPreprocessing", () => {
  it.each<[string, readonly Step[]]>([
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
  ])("makes the same numbers as applySteps, to the last bit: %s", async (name, steps) => {
    const path = join(folder, `${name.replaceAll(" ", "-")}.onnx`);
    writeFileSync(path, encodeOnnx(withPreprocessing(identity, steps)));
    await using file = await openOnnxFile(path, { threads: 1 });
    for (const [height = 0, width = 0] of sizes) {
      const image = randomImage(height, width);
      const plane = height * width;
      const data = Float32Array.from(
        { length: 3 * plane },
        (_, at) => image.pixels[3 * (at % plane) + Math.floor(at / plane)] as number,
      );
      const { logits } = await file.run({ pixel_values: { data, shape: [1, 3, height, width] } });
      expect(logits, `${height} × ${width}`).toEqual(applySteps(image, steps, { where: "image" }));
    }
  });

  it("refuses the filter that it does not have", () => {
    const filter: Filter = "nearest";
    expect(() => withPreprocessing(identity, [["resize", { size: [28, 24], filter }], normalize])).toThrow(
      new InputError(
        "Preprocessing cannot be inside the graph: resized to 24 × 28 pixels (nearest, aspect ratio not kept), and ONNX has no nearest filter of that kind. Leave preprocessInside out.",
      ),
    );
  });
});
