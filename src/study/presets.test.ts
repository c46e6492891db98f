import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { fgvcSets, vtabSets } from "../runs/benchmarks.ts";
import { planStudy } from "./plan-study.ts";
import { presetNames } from "./preset-names.ts";
import { withPreset } from "./presets.ts";

const root = temporaryFolder("presets");
for (const { folder } of fgvcSets) mkdirSync(join(root, "fgvc", folder), { recursive: true });
for (const { folder } of vtabSets.slice(2)) mkdirSync(join(root, "vtab", folder), { recursive: true });

describe("presets", () => {
  it("are the benchmarks of the paper", () => {
    const flipped = vtabSets.filter(({ flip }) => flip).length;
    const groups = ["Natural", "Specialized", "Structured"].map(
      (name) => vtabSets.filter(({ group }) => group === name).length,
    );
    expect({ sets: vtabSets.length, groups, flipped }).toEqual({ sets: 19, groups: [7, 4, 8], flipped: 10 });
    expect(fgvcSets).toHaveLength(5);
  });

  it("take all sets below one folder", async () => {
    const plan = planStudy(await withPreset({ preset: "fgvc", data: [join(root, "fgvc")] }));
    expect(plan.data.map(({ name }) => name)).toEqual(fgvcSets.map(({ folder }) => folder));
    expect(plan.cells).toHaveLength(10);
    expect(plan.cells[1]?.settings[0]?.recipe).toMatchObject({
      name: "official",
      learningRate: 3e-3,
      ...{ epochs: 60, schedule: "cosine-restarts", restartEpochs: 5 },
    });
    expect(plan.cells[3]?.settings[0]?.recipe).toMatchObject({ epochs: 50, schedule: "cosine" });
  });

  it("say which sets are missing, and take those that are listed instead, with their groups", async () => {
    const path = join(root, "vtab");
    await expect(withPreset({ preset: "vtab", data: [path] })).rejects.toThrow(
      `${path}: 2 of the 19 data sets of vtab are not there: cifar, caltech101. Add them, or list the folders of those that you have as data.`,
    );
    const listed = await withPreset({ preset: "vtab", data: [join(path, "dtd"), join(path, "kitti")] });
    expect(planStudy(listed).data.map(({ name, group }) => [name, group])).toEqual([
      ["dtd", "Natural"],
      ["kitti", "Structured"],
    ]);
    const alone = await withPreset({ preset: "vtab", data: [join(path, "dtd")] });
    expect(planStudy(alone).data).toHaveLength(1);
  });

  it.each(presetNames)("make sense: %s", async (preset) => {
    const data = preset === "vtab" ? [join(root, "vtab", "dtd")] : [join(root, "fgvc", "NABirds")];
    const plan = planStudy(await withPreset({ preset, data }));
    expect(plan.cells.length).toBeGreaterThan(1);
    expect(plan.cells.map(({ method }) => method.label)).toContain(plan.reference);
  });

  it("give way to what is asked for", async () => {
    const asked = await withPreset({ preset: "compare", data: ["a"], methods: ["lora"], seeds: 1 });
    expect(planStudy(asked)).toMatchObject({ seeds: [1], reference: undefined });
    expect(planStudy(asked).cells.map(({ method }) => method.name)).toEqual(["lora"]);
  });
});
