import { describe, expect, it } from "vitest";
import type { TrainEvent } from "../runs/events.ts";
import { openReporter } from "./report-training.ts";

/** A run's events: `epochs` of four steps. */
function* events(epochs: number, { ran = epochs, validated = true } = {}): Generator<TrainEvent, void, void> {
  const estimate = { epochs, folds: 0, images: 1020, measuredOn: "steps" } as const;
  const counts = { trainable: 365_668, headTrainable: 76_900, backbone: 85_798_656, classes: 100 };
  const images = { trainExamples: 1020, valExamples: 1020, folds: 0 };
  const run = { epochs, steps: 4 * epochs, microBatchSize: 8, resumedAt: 0 };
  yield { type: "start", method: "rlrr", ...counts, ...images, ...run };
  for (let epoch = 0; epoch < ran; epoch++) {
    for (let at = 1; at <= 4; at++) {
      const pace = { learningRate: 1e-3, gradientNorm: 1, imagesPerSecond: 12.3 };
      yield { type: "step", epoch, step: 4 * epoch + at, steps: 4 * epochs, loss: 2.3456, ...pace };
    }
    if (epoch === 0) yield { type: "estimate", ...estimate, seconds: 1083, imagesPerSecond: 38.2 };
    yield { type: "progress", label: "validating", done: 1020, total: 1020, unit: "images" };
    const scores = {
      trainLoss: 1234.5678,
      trainTop1: 100,
      valLoss: 0.5,
      valTop1: 88.04,
      best: epoch % 2 === 0,
    };
    yield {
      type: "epoch",
      epoch,
      step: 4 * epoch + 4,
      learningRate: 1e-3,
      ...scores,
      seconds: 86_399,
      waitSeconds: 8_000,
    };
  }
  const validation = validated ? ("held-out" as const) : ("none" as const);
  const found = { valTop1: 88.04, valExamples: 1020, valInterval: [85.906, 89.894] } as const;
  const kept = { epoch: ran - 1, seconds: 65_000, step: 4 * ran, validation, ...(validated && found) };
  const paths = { adapter: "runs/flowers/adapter", report: "runs/flowers/report.html" };
  yield { type: "done", ...paths, ...kept, stoppedEarly: ran < epochs };
}

/** Lines that were erased by going up to them are gone. */
function afterErasing(written: string): string {
  const lines = written.split("\u001b[A\r\u001b[K");
  return lines.reduce(
    (before, next) => before.slice(0, before.lastIndexOf("\n", before.lastIndexOf("\n") - 1) + 1) + next,
  );
}

/** What stands on a terminal after a run, and everything that was written. */
async function show(run: Iterable<TrainEvent>) {
  let written = "";
  const stream = { write: (text: string) => (written += text), isTTY: true, columns: 80 };
  const reporter = openReporter({ json: false, stream });
  for (const event of run) await reporter.report(event);
  reporter.close();
  const screen = afterErasing(written)
    .split("\n")
    .map((line) => line.split("\r").at(-1)?.replace("\u001b[K", "") ?? "");
  return { screen, written };
}

describe("openReporter on a terminal", () => {
  it("leaves one line for each epoch, and fits twenty of them on 80 x 24", async () => {
    const { screen } = await show(events(20));
    // The last line is where the shell's prompt goes.
    expect(screen).toHaveLength(24);
    expect(screen.at(-1)).toBe("");
    for (const line of screen) expect(line.length).toBeLessThanOrEqual(79);
    expect(screen[0]).toBe("rlrr trains 365,668 parameters (head 76,900) on 1,020 images, 1,020 to validate");
    expect(screen[3]).toBe("epoch  3/20  loss 1234.5678  train 100.0 %  val  88.0 % *  23:59:59");
    expect(screen[4]).toBe("epoch  4/20  loss 1234.5678  train 100.0 %  val  88.0 %    23:59:59");
    expect(screen.slice(-3)).toEqual([
      "Kept epoch 20 of 20: 88.0 % (95 % interval 85.9 to 89.9) of 1,020 val images.",
      "Done in 18 h 03 min: runs/flowers/adapter   Curves: runs/flowers/report.html",
      "",
    ]);
  });

  it("says what the run will take until the first epoch is over", async () => {
    const line = "about 18 min: 20 epochs of 1,020 images at 38 images/s, by the first steps";
    const { screen, written } = await show(events(20));
    expect(written).toContain(line);
    expect(line.length).toBeLessThan(80);
    expect(screen.join("\n")).not.toContain("about");
  });

  it("leaves no unfinished bar behind a run whose patience was exhausted", async () => {
    const { screen } = await show(events(20, { ran: 3 }));
    expect(screen.join("\n")).not.toMatch(/training|░/);
    expect(screen.at(-4)).toBe("Stopped early, patience exhausted.");
    expect(screen.at(-3)).toMatch(/^Kept epoch 3 of 20: 88.0 %/);
  });

  it("says where an accuracy would stand that nothing was validated", async () => {
    const { screen } = await show(events(20, { validated: false }));
    expect(screen).toHaveLength(24);
    expect(screen.at(-3)).toBe(
      "Kept epoch 20 of 20, the last. Nothing validated: no accuracy, no calibration.",
    );
    expect(screen.at(-3)?.length).toBeLessThanOrEqual(79);
  });
});
