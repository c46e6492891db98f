import { describe, expect, it } from "vitest";
import { displayWidth } from "../table.ts";
import { renderProgress, renderProgressLine } from "./render-progress.ts";

const progress = { label: "Training", done: 1234, total: 2700, unit: "images", extra: "loss 0.43" };
const pace = { elapsedMs: 6_800, rate: 180 };
const plain = (columns: number) => ({ pace, look: { columns, color: false } });

describe("renderProgress", () => {
  it("shows everything where there is room", () => {
    expect(renderProgress(progress, plain(120))).toBe(
      "Training  ██████▊░░░░░░░░   45 %  1,234/2,700 images  180 images/s  6.8 s, 8.1 s left  loss 0.43",
    );
  });

  it.each([
    [100, "Training  █████▍░░░░░░   45 %  1,234/2,700 images  180 images/s  6.8 s, 8.1 s left  loss 0.43"],
    [80, "Training  ████▌░░░░░   45 %  1,234/2,700 images  6.8 s, 8.1 s left  loss 0.43"],
    [60, "Training  ███▏░░░   45 %  6.8 s, 8.1 s left  loss 0.43"],
    [45, "Training  ██▋░░░   45 %  6.8 s, 8.1 s left"],
    [24, "Training  ██▋░░░   45 %"],
    [18, "Training  45 %"],
    [10, "Training…"],
    [1, ""],
  ])("leaves parts out at %i columns", (columns, line) => {
    const text = renderProgress(progress, plain(columns));
    expect(text).toBe(line);
    expect(displayWidth(text)).toBeLessThan(columns);
  });

  it("shows a share that is known better than by counting", () => {
    const uneven = { label: "study", done: 1, total: 10, unit: "trials", share: 0.5 };
    expect(renderProgressLine(uneven, { elapsedMs: 6_800 })).toBe("study: 50 %, 1/10 trials, 6.8 s");
  });

  it("counts without a bar where the total is unknown", () => {
    const unknown = { label: "Reading", done: 12_000, unit: "files" };
    expect(renderProgress(unknown, plain(80))).toBe(
      "Reading  12,000 files  180 images/s  6.8 s".replace("images", "files"),
    );
  });

  it("is full for an empty task and never beyond full", () => {
    const look = { columns: 40, color: false };
    const line = (done: number, total: number) =>
      renderProgress({ label: "x", done, total, unit: "u" }, { pace: { elapsedMs: 0 }, look });
    expect(line(0, 0)).toContain("█  100 %");
    expect(line(9, 3)).toContain("█  100 %");
    expect(line(-1, 3)).toContain("  0 %");
  });

  it("colours the bar and nothing else", () => {
    const line = renderProgress(
      { label: "x", done: 1, total: 2, unit: "u" },
      { pace: { elapsedMs: 0 }, look: { columns: 30, color: true } },
    );
    expect(line).toBe("x  \u001b[36m███\u001b[0m\u001b[2m░░░\u001b[0m   50 %  0.0 s");
  });

  it("can not be broken by a hostile label", () => {
    expect(renderProgress({ ...progress, label: "a\u001b[2J\n" }, plain(18))).toBe("a�[2J�  45 %");
  });
});

describe("renderProgressLine", () => {
  it("says the same without a bar", () => {
    expect(renderProgressLine(progress, pace)).toBe(
      "Training: 45 %, 1,234/2,700 images, 180 images/s, 6.8 s, 8.1 s left, loss 0.43",
    );
  });

  it("leaves out what it does not know", () => {
    expect(renderProgressLine({ label: "Reading", done: 3, unit: "files" }, { elapsedMs: 420 })).toBe(
      "Reading: 3 files, 0.4 s",
    );
    expect(
      renderProgressLine({ label: "Reading", done: 3, total: 9, unit: "files" }, { elapsedMs: 420, rate: 0 }),
    ).toBe("Reading: 33 %, 3/9 files, 0.00 files/s, 0.4 s");
  });

  it.each([
    [0.123, "0.12 u/s"],
    [12.34, "12.3 u/s"],
    [1234.5, "1,235 u/s"],
  ])("gives the rate %d three digits", (rate, text) => {
    expect(renderProgressLine({ label: "x", done: 1, unit: "u" }, { elapsedMs: 0, rate })).toContain(text);
  });
});
