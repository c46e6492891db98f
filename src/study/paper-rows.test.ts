import { describe, expect, it } from "vitest";
import { fgvcSets, vtabSets } from "../runs/benchmarks.ts";
import { paperRowsFor } from "./paper-rows.ts";

const folders = (sets: readonly { readonly folder: string }[]) => sets.map(({ folder }) => folder);
const round = (value: number | undefined) => Math.round(10 * (value ?? 0)) / 10;

describe("the paper's rows", () => {
  // The paper prints the mean over tasks and those of the groups; the means of these three are in other papers.
  it.each([
    ["full fine-tuning", 65.6, 69.0],
    ["linear probing", 52.9, 57.6],
    ["bias", 62.1, 65.2],
    ["VPT-Deep", 69.4, 72.0],
    ["LoRA", 72.3, 74.6],
    ["AdaptFormer", 72.3, 74.7],
    ["ARC", 73.4, 75.8],
    ["RLRR", 74.5, 76.7],
    ["SSF, AugReg", 73.1, 75.7],
    ["RLRR, AugReg", 75.1, 77.5],
  ])("have the printed mean of 19 tasks, and another over groups: %s", (title, mean, groupMean) => {
    const row = paperRowsFor("vtab", folders(vtabSets)).find((one) => one.title.endsWith(`: ${title})`));
    expect(Math.abs((row?.mean ?? 0) - mean)).toBeLessThan(0.1);
    expect(Math.abs((row?.groupMean ?? 0) - groupMean)).toBeLessThan(0.12);
  });

  it("of FGVC and of the sides have the printed means", () => {
    const means = (preset: "fgvc" | "ablation-sides") =>
      paperRowsFor(preset, folders(fgvcSets)).map(({ mean }) => round(mean));
    // RLRR's printed 90.4 is 90.5 by its own cells, here and in Table 6.
    expect(means("fgvc")).toEqual([88.5, 79.3, 88.4, 89.1, 89.5, 90.1, 90.5, 90.7, 91]);
    expect(means("ablation-sides")).toEqual([90.5, 89.5, 89.7, 88.9, 89.2, 89.3]);
  });

  it("stand in the order of the study's sets, without a mean where some are missing", () => {
    const rows = paperRowsFor("fgvc", ["flowers", "StanfordCars", "CUB_200_2011"]);
    const own = rows.find(({ title }) => title === "(paper, Table 3: RLRR)");
    expect(own).toMatchObject({ cells: [undefined, 87, 89.3], mean: undefined });
    expect(paperRowsFor("fgvc", ["flowers"])).toEqual([]);
    expect(paperRowsFor(undefined, ["CUB_200_2011"])).toEqual([]);
  });
});
