/** Trainable parameters of a Swin-B and of ResNets, as docs/methods.md has them. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { randomNumbers } from "../../test/random-numbers.ts";
import { evaluate } from "../engine/reference.ts";
import { input } from "../graph/value.ts";
import { countTrainables } from "../inspect/trainable-counts.ts";
import { variants } from "../model/architectures.ts";
import { rescaleKernel } from "./rlrr.ts";

const docs = readFileSync(new URL("../../docs/methods.md", import.meta.url), "utf8");
const swinB = variants["swin-b"];

/** The mean over the 19 tasks of VTAB-1k of a head for 1024 features. */
const meanHead = 50_711;

describe("methods on a Swin-B", () => {
  it.each([
    // Dong et al. 2024, table 7; Dong et al. 2024 (HTA), table 5.
    ["rlrr", 358_144, 0.41],
    ["arc", 218_464, 0.27],
    ["bias", 139_008, undefined],
    ["hta", 240_640, undefined],
  ] as const)("%s trains %d parameters", (method, count, printed) => {
    if (!swinB) throw new Error("no size is named swin-b");
    expect(countTrainables(swinB, { method, settings: {}, classes: 0 })).toMatchObject({ trainable: count });
    expect(docs).toContain(`| \`${method}\` | ${count.toLocaleString("en")} |`);
    if (printed !== undefined) expect(((count + meanHead) / 1e6).toFixed(2)).toBe(printed.toFixed(2));
  });

  it("counts biases as VPT's authors do with the tables of relative positions", () => {
    const tables = 169 * (2 * 4 + 2 * 8 + 18 * 16 + 2 * 32);
    const merging = 256 + 512 + 1024;
    expect(((139_008 - merging + tables + meanHead) / 1e6).toFixed(2)).toBe("0.25");
  });
});

describe("rlrr on ResNets", () => {
  // Dong et al. 2024, table 12, with a head for 100 classes; of the first the sum here is 0.07.
  it.each([
    ["resnet-18", 1, 23_509, undefined],
    ["resnet-18", 10, 235_090, 0.29],
    ["resnet-50", 1, 64_597, 0.27],
    ["resnet-50", 10, 645_970, 0.85],
  ] as const)("of %s trains at rank %d %d parameters", (name, rank, count, printed) => {
    const config = variants[name];
    if (!config) throw new Error(`no size is named ${name}`);
    const counts = countTrainables(config, { method: "rlrr", settings: { rank }, classes: 100 });
    const { trainable = 0, headTrainable = 0 } = "trainable" in counts ? counts : {};
    expect(trainable - headTrainable).toBe(count);
    expect(docs).toContain(count.toLocaleString("en"));
    if (printed !== undefined) expect((trainable / 1e6).toFixed(2)).toBe(printed.toFixed(2));
  });

  it("rescales a convolution as a matrix of rows with outputs and columns with inputs, as the official code", () => {
    const [out, channels, size, rank] = [2, 3, 3, 2];
    const weight = randomNumbers(out * size * size * channels, { seed: 1 });
    const left = randomNumbers(rank * channels * size, { seed: 2 });
    const right = randomNumbers(out * size * rank, { seed: 3 });
    const y = rescaleKernel(
      input("weight", [out, size * size * channels]),
      {
        left: input("left", [rank, channels * size]),
        right: input("right", [out * size, rank]),
        residual: true,
      },
      { size },
    );
    const result = evaluate({ outputs: { y } }, { weight, left, right }).y?.data ?? [];
    for (let o = 0; o < out; o++)
      for (let r = 0; r < size; r++)
        for (let c = 0; c < size; c++)
          for (let i = 0; i < channels; i++) {
            const at = ((o * size + r) * size + c) * channels + i;
            // Theirs: weight [out, in, rows, columns] permuted to (out, rows, in, columns).
            const terms = Array.from(
              { length: rank },
              (_, one) =>
                (right[(o * size + r) * rank + one] ?? 0) * (left[one * channels * size + i * size + c] ?? 0),
            );
            const factor = terms.reduce((a, b) => a + b, 1);
            expect(result[at]).toBeCloseTo((weight[at] ?? 0) * factor, 6);
          }
  });
});
