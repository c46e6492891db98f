/** Trainable parameters of a Swin-B, as docs/methods.md has them. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { countTrainables } from "../inspect/trainable-counts.ts";
import { variants } from "../model/architectures.ts";

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
