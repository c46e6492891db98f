import { describe, expect, it } from "vitest";
import { type RunRecord, renderRunReport } from "./run-report.ts";

const facts = [["Seed", "42"]] as const;
const about = {
  title: "Run",
  subtitle: "runs/<flowers>",
  facts,
  trainImages: 40,
  valImages: 20,
  changes: [],
};
const records: readonly RunRecord[] = [
  { type: "step", step: 1, loss: 2, learningRate: 1e-3 },
  { type: "step", step: 2, loss: 1, learningRate: 5e-4 },
  { type: "epoch", epoch: 1, step: 2, trainLoss: 1.5, trainTop1: 50, valLoss: 1.2, valTop1: 60, best: true },
  { type: "step", step: 3, loss: 0.5, learningRate: 2e-4 },
  { type: "step", step: 4, loss: 0.25, learningRate: 1e-4 },
  {
    ...{ type: "epoch", epoch: 2, step: 4, trainLoss: 0.375, trainTop1: 75 },
    ...{ valLoss: 1.3, valTop1: 58.25, best: false },
  } as const,
];
const render = (list: readonly RunRecord[]) => renderRunReport(list, about).replaceAll("\u00a0", " ");

describe("renderRunReport", () => {
  const page = render(records);

  it("takes for the best what the run took: of equal accuracies, perhaps the later one", () => {
    const tied = records.map((record) =>
      record.type === "epoch" ? { ...record, valTop1: 60, best: true } : record,
    );
    expect(render(tied)).toContain("<b>2<small>of 2</small></b><span>best epoch");
  });

  it("leads with the epoch that was kept, and says how sure its accuracies are", () => {
    expect(page).toContain(
      "<b>60.0<small>%</small></b><span>validation accuracy (top-1)</span><em>20 validation images, 95 % interval 38.7 to 78.1 %</em>",
    );
    expect(page).toContain(
      "<b>50.0<small>%</small></b><span>training accuracy (top-1)</span><em>40 training images, 95 % interval 35.2 to 64.8 %</em>",
    );
    expect(page).toContain("<b>1<small>of 2</small></b><span>best epoch</span>");
    expect(page).toContain("<b>1.5</b><span>training loss</span><em>mean over epoch 1</em>");
  });

  it("draws accuracies, losses and the learning rate against epochs, and says in words what they show", () => {
    expect(page.split("<svg")).toHaveLength(4);
    expect(page).toContain("<title>training, epoch 0.5: 2</title>");
    expect(page).toContain("<title>validation, epoch 2: 58.3 %</title>");
    expect(page).toContain("<title>learning rate, epoch 1: 5.0e-4</title>");
    expect(page).toContain(
      'aria-label="Accuracy: training from 50 % to 75 %; validation from 60 % to 58.3 %"',
    );
    expect(page).toContain('aria-label="Loss: training from 2 to 0.25; validation from 1.2 to 1.3"');
    expect(page).toMatch(/<span class="mark" style="left:50\.00%">best<\/span>/);
  });

  it("escapes what it is told", () => {
    expect(page).toContain("runs/&lt;flowers&gt;");
  });

  it("does without validation", () => {
    const bare = render(
      records.map((record) =>
        record.type === "epoch"
          ? { type: "epoch", epoch: record.epoch, step: record.step, trainLoss: record.trainLoss }
          : record,
      ),
    );
    expect(bare).not.toContain("best");
    expect(bare).toContain(
      "<b>none</b><span>validation accuracy</span><em>nothing was validated, so no accuracy is known</em>",
    );
    expect(bare).toContain("<b>2<small>of 2</small></b><span>last epoch</span><em>kept</em>");
    expect(bare.split("<svg")).toHaveLength(3);
  });

  it("shows the linear probe's accuracy where that was kept", () => {
    const worse = records.map((record) => (record.type === "epoch" ? { ...record, best: false } : record));
    const page = render([{ type: "probe", valTop1: 80, penalty: 0.1 }, ...worse]);
    expect(page).toContain(
      "<b>80.0<small>%</small></b><span>validation accuracy (top-1)</span><em>20 validation images, 95 % interval 58.4 to 91.9 %</em>",
    );
    expect(page).toContain("<b>linear probe</b><span>kept</span><em>none of 2 epochs was better</em>");
    expect(page).not.toContain("60.0<small>");
    expect(render([{ type: "probe", valTop1: 80 }, ...worse])).toContain(
      "<b>the model&#39;s own head</b><span>kept</span>",
    );
    expect(render([{ type: "probe", valTop1: 55 }, ...records])).toContain("60.0<small>");
  });

  it("survives a run that has not begun, and losses that are not numbers", () => {
    const broken: RunRecord = { type: "step", step: 1, loss: Number.NaN, learningRate: 1e-3 };
    for (const list of [[], [broken]]) expect(render(list)).not.toMatch(/NaN|Infinity|undefined/);
  });
});
