import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { writeTinyDataset } from "../../test/tiny-dataset.ts";
import { randomAdapter, tinyModel } from "../../test/tiny-model.ts";
import { writeAdapter } from "../adapter/adapter-file.ts";
import { mergeAdapter } from "../adapter/merge.ts";
import { shortNames } from "../adapter/short-names.ts";
import { referenceEngine } from "../engine/reference.ts";
import { readWeight } from "../formats/weight-bytes.ts";
import type { Analysis } from "../reports/analysis.ts";
import { analysisRecords } from "../reports/analysis-records.ts";
import { renderAnalysis } from "../reports/render-analysis.ts";
import { norm } from "../spectra/matrix.ts";
import { analyze } from "./analyze.ts";

const root = temporaryFolder("analyze");
const model = tinyModel();
const labels = ["columns", "rows", "squares"];
const make = async (name: string, options = {}) => {
  const adapter = await randomAdapter(model, { name, options }, { labels });
  const path = join(root, name);
  await writeAdapter(path, adapter);
  return { path, adapter };
};
const [rlrr, lora, vpt] = [
  await make("rlrr"),
  await make("lora", { rank: 2 }),
  await make("vpt-deep", { tokens: 2 }),
];
const dataset = await writeTinyDataset(join(root, "data"), { train: 10, val: 6 });

describe("analyze", () => {
  it("measures each changed weight, each adapter's features, and what is kept", async () => {
    const report = join(root, "report.html");
    const analysis = await analyze([rlrr.path, lora.path, vpt.path], {
      ...{ model, data: dataset, retain: dataset, top: 4, report, threads: 1 },
    });
    const [first, second, third] = analysis.adapters;
    // patch, and q, k, v, o, fc1, fc2 of two blocks
    expect(first?.matrices).toHaveLength(13);
    expect(second?.matrices.map(({ name }) => name)).toEqual([
      ...["blocks.0.q", "blocks.0.v", "blocks.1.q", "blocks.1.v"],
    ]);
    for (const { effectiveRank } of second?.matrices ?? []) {
      expect(effectiveRank).toBeGreaterThan(1);
      expect(effectiveRank).toBeLessThanOrEqual(2);
    }
    expect(third).toMatchObject({ matrices: [], vectors: [], unmergeable: expect.any(String) });
    const merged = await mergeAdapter(model, rlrr.adapter, referenceEngine());
    for (const { name, change, spectrumMoved } of first?.matrices ?? []) {
      const [before, after] = [model.weights, merged].map((weights) => weights.get(`${name}.weight`));
      if (!before || !after) throw new Error(`no ${name}`);
      const [w, own] = [(await readWeight(after)).data, (await readWeight(before)).data];
      expect(change).toBeCloseTo(norm(w.map((x, at) => x - (own[at] ?? 0))) / norm(own), 5);
      expect(spectrumMoved).toBeLessThanOrEqual(change + 1e-9);
    }
    for (const { task, similarity, kept } of analysis.adapters) {
      expect(task).toMatchObject({ images: 18, split: "val" });
      expect(similarity?.blocks).toHaveLength(1);
      expect(similarity?.feature).toBeLessThanOrEqual(1 + 1e-9);
      expect(kept?.probe).toMatchObject({ images: 18, split: "val" });
    }
    expect(analysis.base.kept?.probe).toEqual(analysis.base.kept?.baseProbe);
    const page = readFileSync(report, "utf8");
    for (const text of [
      "Retaining and adapting",
      "Method beside method",
      "Left turned",
      "Spectra",
      "18 val images",
    ])
      expect(page).toContain(text);
    expect(renderAnalysis(analysis)).toContain(
      "vpt-deep: no matrix is changed, since vpt-deep adds what is no weight",
    );
    const [base, ...records] = analysisRecords(analysis).map((record) => JSON.parse(JSON.stringify(record)));
    expect(base).toMatchObject({ type: "base", top: 4, matrices: expect.any(Array) });
    expect(records.map(({ type, name }) => [type, name])).toEqual([
      ["adapter", "rlrr"],
      ["adapter", "lora"],
      ["adapter", "vpt-deep"],
    ]);
    expect(records[0].matrices[1].values).toHaveLength(16);
  });

  it("measures weights without images, and finds nothing changed by a linear probe", async () => {
    const linear = await make("linear");
    const analysis = await analyze([linear.path], { model, threads: 1 });
    expect(analysis.adapters[0]).toMatchObject({ matrices: [], vectors: [], method: "linear" });
    expect(renderAnalysis(analysis)).toContain("No adapter changes a matrix of the base.");
  });

  it("keeps what it knows of the base, and uses it to the same numbers", async () => {
    const folder = () => readdirSync(join(process.env.RLRR_CACHE ?? "", "spectra"));
    const options = { model, top: 3, threads: 1 };
    const numbersOf = ({ base, adapters }: Analysis) => ({ base, adapters });
    const first = await analyze([rlrr.path], options);
    const [kept = ""] = folder().filter((name) => name.endsWith("top3-v2"));
    const files = join(process.env.RLRR_CACHE ?? "", "spectra", kept);
    expect(readdirSync(files)).toHaveLength(13);
    expect(numbersOf(await analyze([rlrr.path], options))).toEqual(numbersOf(first));
    // What was kept is really read: its values are those of the base.
    const q = join(files, "blocks.0.q.f64");
    const whole = readFileSync(q);
    const other = Buffer.from(whole);
    other.writeDoubleLE(7, 8);
    writeFileSync(q, other);
    const changed = await analyze([rlrr.path], options);
    expect(changed.base.matrices.find(({ name }) => name === "blocks.0.q")?.values[0]).toBe(7);
    // One that is cut short is computed again, and made whole.
    writeFileSync(q, whole.subarray(0, 100));
    expect(numbersOf(await analyze([rlrr.path], options))).toEqual(numbersOf(first));
    expect(readFileSync(q)).toEqual(whole);
  });

  it("says so where it cannot keep that, and goes on", async () => {
    const cache = process.env.RLRR_CACHE;
    process.env.RLRR_CACHE = join(rlrr.path, "README.md");
    try {
      const { notes, adapters } = await analyze([rlrr.path], { model, top: 2, threads: 1 });
      expect(adapters[0]?.matrices).toHaveLength(13);
      expect(notes.join()).toContain("The base's singular values could not be kept for the next analysis.");
    } finally {
      process.env.RLRR_CACHE = cache;
    }
  });

  it("refuses what cannot be compared", async () => {
    await expect(analyze([], {})).rejects.toThrow(
      "analyze takes the paths of adapters or runs, in a list; got [].",
    );
    await expect(analyze([join(root, "none")], { model })).rejects.toThrow("there is no such folder.");
    await expect(analyze([rlrr.path], { model, report: join(root, "page.txt") })).rejects.toThrow(
      "report writes an HTML page and overwrites the file; its name must end in .html",
    );
    const own = await randomAdapter(model, { name: "linear" }, { labels });
    const elsewhere = join(root, "elsewhere");
    await writeAdapter(elsewhere, { ...own, base: { ...own.base, sha256: "0".repeat(64) } });
    await expect(analyze([rlrr.path, elsewhere], { model })).rejects.toThrow("The adapter was trained on");
  });
});

describe("shortNames", () => {
  it("is the run's name, or the path where two runs are called alike", () => {
    expect(shortNames(["runs/a/adapter", "runs/b"])).toEqual(["a", "b"]);
    expect(shortNames(["x/a", "y/a", "y/b"])).toEqual(["x/a", "y/a", "b"]);
  });
});
