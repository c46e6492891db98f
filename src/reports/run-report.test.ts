import { describe, expect, it } from "vitest";
import { type RunRecord, renderRunReport } from "./run-report.ts";

const about = { title: "Run", subtitle: "runs/<flowers>", facts: [["Seed", "42"]] as const };
const records: readonly RunRecord[] = [
  { type: "step", step: 1, loss: 2, learningRate: 1e-3 },
  { type: "step", step: 2, loss: 1, learningRate: 5e-4 },
  { type: "epoch", epoch: 1, step: 2, trainLoss: 1.5, valLoss: 1.2, valTop1: 60, best: true },
  { type: "step", step: 3, loss: 0.5, learningRate: 2e-4 },
  { type: "step", step: 4, loss: 0.25, learningRate: 1e-4 },
  { type: "epoch", epoch: 2, step: 4, trainLoss: 0.375, valLoss: 1.3, valTop1: 58.25, best: false },
];

describe("renderRunReport", () => {
  const page = renderRunReport(records, about);

  it("takes for the best what the run took: of equal accuracies, perhaps the later one", () => {
    const tied = records.map((record) =>
      record.type === "epoch" ? { ...record, valTop1: 60, best: true } : record,
    );
    expect(renderRunReport(tied, about)).toContain("<b>2<small>of 2</small></b><span>best epoch");
  });

  it("leads with the best epoch", () => {
    expect(page).toContain("<b>60.0<small>%</small></b><span>best validation top-1</span>");
    expect(page).toContain("<b>1<small>of 2</small></b><span>best epoch</span>");
    expect(page).toContain("<b>0.375</b><span>last training loss</span>");
    expect(page).toContain("<b>4</b><span>steps</span>");
  });

  it("draws loss, accuracy and learning rate against epochs", () => {
    expect(page.split("<svg")).toHaveLength(4);
    expect(page).toContain("<title>training, epoch 0.5: 2</title>");
    expect(page).toContain("<title>validation, epoch 2: 58.3 %</title>");
    expect(page).toContain("<title>learning rate, epoch 1: 5.0e-4</title>");
    expect(page).toContain('text-anchor="middle">best</text>');
  });

  it("escapes what it is told", () => {
    expect(page).toContain("runs/&lt;flowers&gt;");
  });

  it("does without validation", () => {
    const bare = renderRunReport(
      records.map((record) =>
        record.type === "epoch"
          ? { type: "epoch", epoch: record.epoch, step: record.step, trainLoss: record.trainLoss }
          : record,
      ),
      about,
    );
    expect(bare).not.toMatch(/alidation|best/);
    expect(bare.split("<svg")).toHaveLength(3);
  });

  it("survives a run that has not begun, and losses that are not numbers", () => {
    const broken: RunRecord = { type: "step", step: 1, loss: Number.NaN, learningRate: 1e-3 };
    for (const list of [[], [broken]])
      expect(renderRunReport(list, about)).not.toMatch(/NaN|Infinity|undefined/);
  });
});
