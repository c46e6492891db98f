import { describe, expect, it } from "vitest";
import { cellsOf } from "../../test/study-cells.ts";
import { type CellTrials, chooseSetting, readyTrials } from "./cell-trials.ts";
import { planStudy } from "./plan-study.ts";
import { renderStudyHtml, renderStudyMarkdown } from "./render-study.ts";
import type { DataCopy } from "./study-data.ts";
import type { StudyInput } from "./study-schema.ts";
import { tabulate } from "./tabulate.ts";
import type { Trial, TrialRecord } from "./trial.ts";

const input: StudyInput = {
  data: ["a", "b", "c"].map((name) => ({ path: name, group: name === "c" ? "other" : "same" })),
  methods: [
    { name: "linear", recipe: { epochs: 0 } },
    { name: "rlrr", label: "<rlrr|>" },
  ],
  ...{ seeds: 3, reference: "linear", tune: { learningRate: [1e-3, 1e-2] } },
};
const plan = planStudy(input);
const copy: DataCopy = {
  ...{ manifest: "m", listing: "l", classes: 2, kinds: { PNG: 6 } },
  images: { train: 3, val: 1, test: 2 },
};
const copies = new Map(plan.data.map(({ name }) => [name, copy]));
const cells = cellsOf(plan);

function recordOf({ name, content }: Trial, top1: number | undefined): TrialRecord {
  const score = { epoch: 1, top1: top1 ?? 0, loss: 1 };
  const scores =
    content.purpose === "test"
      ? { test: { images: 2, correct: 1, top1: top1 ?? 0, loss: 1 } }
      : { epochScores: { images: 1, last: score, best: { ...score, top1: score.top1 + 1 } } };
  const result = {
    ...{ trainable: 12, headTrainable: 2, trainImages: 4, epochs: 2, learningRate: 0.1, batchSize: 4 },
    preprocessing: { training: "t", evaluation: "e" },
    ...(top1 === undefined ? { diverged: "NaN" } : scores),
  };
  return { type: "trial", name, content, result, cost: { seconds: 1, peakBytes: 2 ** 20 } };
}

/** Of cell 0 to 5 (a linear, a rlrr, b linear …) and seed 0 to 2. */
const accuracy = (cell: number, seed: number): number => 50 + 10 * cell + (seed === 2 ? 5 : seed);

function recordsWith(tuned: (cell: number, setting: number) => number | undefined): Map<string, TrialRecord> {
  const records = new Map<string, TrialRecord>();
  for (const [index, { tuning, final }] of cells.entries()) {
    for (const [setting, trials] of tuning.entries())
      for (const trial of trials) records.set(trial.name, recordOf(trial, tuned(index, setting)));
    for (const trials of final)
      for (const [seed, trial] of trials.entries())
        records.set(trial.name, recordOf(trial, accuracy(index, seed)));
  }
  return records;
}

const table = (records: ReadonlyMap<string, TrialRecord>) => tabulate({ plan, cells, copies, records });

describe("tabulate", () => {
  const records = recordsWith((_, setting) => 60 + setting);

  it("has mean, std and paired difference of the chosen setting's seeds", () => {
    const { rows } = table(records);
    // 60, 61, 65: mean 62, std √7; 10 points above the reference with every seed
    expect(rows[1]).toMatchObject({
      ...{ data: "a", method: "<rlrr|>", chosen: { learningRate: 1e-2 }, missing: 0, diverged: 0 },
      test: { split: "test", epoch: "last", images: 2, mean: 62, std: Math.sqrt(7), seeds: [60, 61, 65] },
      val: { split: "val", epoch: "last", images: 1, mean: 61, std: null },
      valBest: { split: "val", epoch: "best", mean: 62 },
      difference: { reference: "linear", mean: 10, interval: [10, 10] },
    });
    expect(rows[0]?.difference).toBeUndefined();
  });

  it("tells the mean over sets from that over groups", () => {
    const [linear] = table(records).means;
    // a 52, b 72, c 92 for linear: (52 + 72 + 92) / 3, and ((52 + 72) / 2 + 92) / 2
    expect(linear).toMatchObject({ sets: 3, mean: { mean: 72 }, groupMean: { mean: 77, groups: 2 } });
  });

  it("gives no mean of some seeds, nor of a seed that diverged", () => {
    const trial = (cells[0] as CellTrials).final[0]?.[0] as Trial;
    const missing = new Map(records);
    missing.delete(trial.name);
    expect(table(missing).rows[0]).toMatchObject({ missing: 1 });
    expect(table(missing).rows[0]?.test).toBeUndefined();
    expect(table(missing).means.map(({ method }) => method)).toEqual(["<rlrr|>"]);
    const diverged = new Map(records).set(trial.name, recordOf(trial, undefined));
    expect(table(diverged).rows[0]).toMatchObject({ missing: 0, diverged: 1 });
    expect(table(diverged).rows[0]?.test).toBeUndefined();
  });

  it("chooses by validation, never a setting that diverged, and the first of equal ones", () => {
    const rlrr = cells[1] as CellTrials;
    expect(
      chooseSetting(
        rlrr,
        recordsWith(() => 70),
      ),
    ).toBe(0);
    expect(
      chooseSetting(
        rlrr,
        recordsWith((_, setting) => (setting === 1 ? undefined : 1)),
      ),
    ).toBe(0);
    const none = recordsWith(() => undefined);
    expect(chooseSetting(rlrr, none)).toBeUndefined();
    expect(readyTrials(rlrr, none)).toEqual([]);
    expect(readyTrials(rlrr, new Map())).toEqual(rlrr.tuning.flat());
  });

  it("is written with its splits, and names from strangers cannot write markup", () => {
    const costs = [{ data: "a", method: "<rlrr|>", seconds: 61, peakBytes: 2 ** 21, trials: 3 }];
    const report = { input, plan, copies, table: table(records), costs, model: "m" };
    const text = renderStudyMarkdown(report);
    expect(text).toContain("| method | trainable without head | a | b | c | Mean3 | Mean2g |");
    expect(text).toContain(
      "| linear | 10 | 52.0 ± 2.6 | 72.0 ± 2.6 | 92.0 ± 2.6 | 72.0 ± 2.6 | 77.0 ± 2.6 |",
    );
    expect(text).toContain("| \\<rlrr\\|\\> | +10.0 \\[+10.0, +10.0\\] |");
    expect(text).toContain(
      "| test images | test, last epoch | val images | val, last epoch | val, best epoch |",
    );
    expect(text).toContain("| a | \\<rlrr\\|\\> | 1 min 01 s | 2 MiB |");
    const page = renderStudyHtml(report);
    expect(page).toContain("&lt;rlrr|&gt;");
    expect(page).not.toContain("<rlrr");
  });
});
