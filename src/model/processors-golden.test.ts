import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { formulaImage } from "../../test/formula-image.ts";
import { applyActions } from "../preprocessing/actions.ts";
import { applySteps, planSteps } from "../preprocessing/preprocess.ts";
import type { Step } from "../preprocessing/steps.ts";
import { parseHuggingFaceSteps } from "./hugging-face-steps.ts";
import { parseTimmConfig } from "./timm-config.ts";

interface Case {
  readonly config: Readonly<Record<string, unknown>>;
  readonly from: readonly [height: number, width: number];
  readonly to: readonly [height: number, width: number];
  /** Of the bytes before normalising, its first 16 digits. */
  readonly sha256: string;
  /** Of the first and the middle pixel, after normalising. */
  readonly numbers: readonly number[];
}
const golden: { readonly transformers: readonly Case[]; readonly timm: readonly Case[] } = JSON.parse(
  readFileSync(new URL("../../test/golden/processors.json", import.meta.url), "utf8"),
);

/** One test for each configuration, with all its images. */
function byConfig(cases: readonly Case[]): readonly (readonly [string, readonly Case[]])[] {
  const names = [...new Set(cases.map(({ config }) => JSON.stringify(config)))];
  return names.map((name) => [name, cases.filter(({ config }) => JSON.stringify(config) === name)]);
}

function compare(steps: readonly Step[], { from, to, sha256, numbers }: Case): void {
  const image = formulaImage(from);
  const { width, height, pixels } = applyActions(image, planSteps(steps, image));
  expect([height, width]).toEqual(to);
  expect(createHash("sha256").update(pixels).digest("hex").slice(0, 16)).toBe(sha256);
  const made = applySteps(image, steps);
  const plane = height * width;
  const middle = Math.floor(height / 2) * width + Math.floor(width / 2);
  for (const [at, number] of numbers.entries())
    expect(made[Math.floor(at % 3) * plane + (at < 3 ? 0 : middle)]).toBeCloseTo(number, 5);
}

describe("parseHuggingFaceSteps", () => {
  it.each(byConfig(golden.transformers))("prepares every byte as transformers does: %s", (_, cases) => {
    for (const one of cases) compare(parseHuggingFaceSteps(one.config, { where: "P" }), one);
  });
});

describe("parseTimmConfig", () => {
  it.each(byConfig(golden.timm))("prepares every byte as timm does: %s", (_, cases) => {
    for (const one of cases) {
      const { preprocessing } = parseTimmConfig({ architecture: "x", pretrained_cfg: one.config }, "C");
      compare(preprocessing ?? [], one);
    }
  });
});
