import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { collectEvents, tinyTraining } from "../../test/tiny-training.ts";
import { openEngine } from "../engine/open-engine.ts";

const root = temporaryFolder("tensorboard-log");
const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());
const common = { ...(await tinyTraining(root, engine)), tensorboard: true };

interface Read {
  readonly step: number;
  /** Text in the message, which is its tags. */
  readonly tags: readonly string[];
}

/** The messages of a file of TFRecords: the step after the time, and whatever looks like a tag. */
function readEvents(path: string): Read[] {
  const bytes = readFileSync(path);
  const events: Read[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    const data = bytes.subarray(at + 12, at + 12 + length);
    // Field 1 takes nine bytes; field 2, a varint below 128 here, follows under its key 0x10.
    const step = data[9] === 0x10 ? (data[10] as number) : 0;
    events.push({ step, tags: data.toString("latin1").match(/[a-z][a-z\d]+\/[a-z_]{4,}/g) ?? [] });
    at += 12 + length + 4;
  }
  return events;
}
const filesOf = (out: string) =>
  readdirSync(join(out, "tensorboard"))
    .sort()
    .map((name) => join(out, "tensorboard", name));

const stepTags = ["step/loss", "step/learning_rate", "step/gradient_norm", "step/images_per_second"];
const epochTags = ["loss/train", "top1/train", "loss/validation", "top1/validation"];

describe("a run's events for TensorBoard", () => {
  it("are of every step and every epoch", async () => {
    const out = join(root, "whole");
    await collectEvents({ ...common, out });
    const [file = "", ...others] = filesOf(out);
    expect(others).toEqual([]);
    expect(file).toMatch(/events\.out\.tfevents\.\d{10}\.rlrr\.0$/);
    const [version, restart, ...events] = readEvents(file);
    expect([version, restart]).toEqual([
      { step: 0, tags: [] },
      { step: 0, tags: [] },
    ]);
    // Four epochs of three steps.
    expect(events).toEqual(
      Array.from({ length: 4 }, (_, epoch) => [
        ...[1, 2, 3].map((step) => ({ step: 3 * epoch + step, tags: stepTags })),
        { step: 3 * epoch + 3, tags: epochTags },
      ]).flat(),
    );
  });

  it("go on in a file of their own where a run is resumed, from the step after the saved one", async () => {
    const out = join(root, "stopped");
    const controller = new AbortController();
    await collectEvents({ ...common, out, signal: controller.signal }, (event) => {
      if (event.type === "step" && event.step === 5) controller.abort();
    });
    await collectEvents({ ...common, out, resume: true });
    const [first = "", second = "", ...others] = filesOf(out);
    expect(others).toEqual([]);
    expect(readEvents(first).at(-1)?.step).toBe(5);
    const [, restart, next] = readEvents(second);
    expect(restart).toEqual({ step: 6, tags: [] });
    expect(next).toEqual({ step: 6, tags: stepTags });
  });

  it("are written only where they are asked for", async () => {
    const out = join(root, "without");
    await collectEvents({ ...common, tensorboard: false, out });
    expect(readdirSync(out)).not.toContain("tensorboard");
  });
});

describe("a run's table of steps", () => {
  it("has the numbers of metrics.jsonl, epochs counted from 1", () => {
    const out = join(root, "whole");
    const steps = readFileSync(join(out, "metrics.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line))
      .filter(({ type }) => type === "step");
    const [header, ...rows] = readFileSync(join(out, "steps.csv"), "utf8").trim().split("\n");
    expect(header).toBe("step,fold,epoch,loss,learning_rate,gradient_norm");
    expect(rows).toHaveLength(12);
    expect(rows).toEqual(
      steps.map(({ step, epoch, loss, learningRate, gradientNorm }) =>
        [step, "", epoch + 1, loss, learningRate, gradientNorm].join(),
      ),
    );
  });

  it("is whole after a run was stopped and resumed", () => {
    const [whole, resumed] = ["whole", "stopped"].map((name) =>
      readFileSync(join(root, name, "steps.csv"), "utf8"),
    );
    expect(resumed).toBe(whole);
  });
});
