/** A run that is stopped or killed resumes with the same results as if it never had been. */

import { spawn } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import type { Dataset } from "../src/datasets/dataset.ts";
import { openEngine } from "../src/engine/open-engine.ts";
import { FileError, InputError } from "../src/errors.ts";
import { readSafetensors, readTensor, writeSafetensors } from "../src/formats/safetensors.ts";
import type { Tensor } from "../src/formats/tensor.ts";
import type { Position } from "../src/runs/checkpoint.ts";
import type { TrainEvent } from "../src/runs/events.ts";
import type { RunOptions } from "../src/runs/open-run.ts";
import type { RecipeInput } from "../src/train/recipe.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { collectEvents, only, resultsOf, tinyRecipe, tinyTraining } from "./tiny-training.ts";

const root = temporaryFolder("resume");
const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());
const { store, ...plain } = await tinyTraining(root, engine);
const [resize, normalize] = plain.preprocessing;
if (!resize || !normalize) throw new Error("no steps");
/** Everything that is drawn is drawn: order, flips, masks; and steps of two runs, the last one short. */
const recipe: RecipeInput = {
  ...tinyRecipe,
  ...{ epochs: 3, batchSize: 10, microBatchSize: 4, dropout: 0.1, checkpointSeconds: 0 },
};
const common = {
  ...{ ...plain, store, recipe },
  preprocessing: [resize, ["randomHorizontalFlip", { probability: 0.5 }], normalize],
} as const;

let count = 0;
const newOut = (): string => join(root, `run ${count++}`);
const runJson = (out: string) => JSON.parse(readFileSync(join(out, "run.json"), "utf8"));

/** Trains until an event for which `when` holds. */
async function stopAt(
  when: (event: TrainEvent) => boolean,
  options: Partial<RunOptions> & { readonly out: string },
): Promise<TrainEvent[]> {
  const controller = new AbortController();
  return collectEvents({ ...common, ...options, signal: controller.signal }, (event) => {
    if (when(event)) controller.abort();
  });
}
const resume = (out: string, options: Partial<RunOptions> = {}) =>
  collectEvents({ ...common, out, resume: true, ...options });

const whole = newOut();
await collectEvents({ ...common, out: whole });
const expected = resultsOf(whole);
const half = newOut();
const halfEvents = await stopAt((event) => event.type === "step" && event.step === 4, { out: half });

/** A copy of a run that was stopped in its second epoch. */
function halfWay(): string {
  const out = newOut();
  cpSync(half, out, { recursive: true });
  return out;
}

describe("a run that was stopped", () => {
  it("resumes in the middle of an epoch", async () => {
    const out = halfWay();
    const stopped = halfEvents.at(-1);
    expect(stopped?.type).toBe("stopped");
    expect(readdirSync(out).sort()).toEqual([
      "adapter",
      "checkpoint.safetensors",
      "metrics.jsonl",
      "report.html",
      "run.json",
      "steps.csv",
    ]);
    const step = stopped?.type === "stopped" ? stopped.step : 0;
    expect(step).toBeGreaterThanOrEqual(4);
    expect(step).toBeLessThan(9);

    const rest = await resume(out);
    expect(only(rest, "start")[0]?.resumedAt).toBe(step);
    expect(only(rest, "step")[0]?.step).toBe(step + 1);
    expect(resultsOf(out)).toEqual(expected);
  });

  it("resumes however often it is stopped", async () => {
    const out = newOut();
    let ended = false;
    for (let round = 0; !ended && round < 9; round++) {
      const events = await stopAt((event) => event.type === "step" && event.step % 3 === 2, {
        out,
        resume: true,
      });
      ended = events.at(-1)?.type === "done";
    }
    expect(ended).toBe(true);
    expect(resultsOf(out)).toEqual(expected);
  });

  it("tells an epoch once that was stopped while it was validated", async () => {
    const out = newOut();
    const isValidating = (event: TrainEvent) => event.type === "progress" && event.label === "validating";
    const before = await stopAt(isValidating, { out });
    const after = await resume(out);
    const epochs = [...only(before, "epoch"), ...only(after, "epoch")].map(({ epoch }) => epoch);
    expect(epochs).toEqual([0, 1, 2]);
    expect(resultsOf(out)).toEqual(expected);
  });

  it("ends while images are checked, and leaves nothing", async () => {
    const out = newOut();
    const events = await stopAt((event) => event.type === "progress", { out });
    expect(events.at(-1)).toEqual({ type: "stopped", step: 0 });
    expect(existsSync(out)).toBe(false);
  });

  it("reports its position when it is stopped before it resumes", async () => {
    const out = halfWay();
    const before = readdirSync(out);
    const events = await stopAt((event) => event.type === "progress", { out, resume: true });
    expect(events.at(-1)).toMatchObject({ type: "stopped" });
    expect(only(events, "stopped")[0]?.step).toBeGreaterThanOrEqual(4);
    expect(readdirSync(out)).toEqual(before);
    await resume(out);
    expect(resultsOf(out)).toEqual(expected);
  });

  it("hears a signal that was raised before it began", async () => {
    const out = newOut();
    const events = await collectEvents({ ...common, out, signal: AbortSignal.abort() });
    expect(events).toEqual([{ type: "stopped", step: 0 }]);
    expect(existsSync(out)).toBe(false);
  });
});

describe("a run that was killed", () => {
  /** Trains in a process that is killed right after it has told of `step`. */
  async function killAt(step: number, options: object): Promise<void> {
    const script = fileURLToPath(new URL("train-child.ts", import.meta.url));
    const { recipe, preprocessing } = common;
    const argument = JSON.stringify({ root, recipe, preprocessing, ...options });
    const child = spawn(process.execPath, ["--import", "tsx", script, argument], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    for await (const line of createInterface({ input: child.stdout })) {
      const event: TrainEvent = JSON.parse(line);
      if (event.type === "step" && event.step >= step) break;
    }
    child.kill("SIGKILL");
    await ended;
    expect(child.signalCode).toBe("SIGKILL");
  }

  it("resumes from its last checkpoint", async () => {
    const out = newOut();
    await killAt(4, { out });
    expect(existsSync(join(out, "run.lock"))).toBe(true);
    const events = await resume(out);
    expect(only(events, "start")[0]?.resumedAt).toBeGreaterThanOrEqual(3);
    expect(resultsOf(out)).toEqual(expected);
    expect(readdirSync(out).filter((name) => name.startsWith("."))).toEqual([]);
  });

  it("starts again where it had no time to save", async () => {
    const out = newOut();
    await killAt(5, { out, recipe: { ...recipe, checkpointSeconds: 1000 } });
    const events = await resume(out);
    expect(only(events, "start")[0]?.resumedAt).toBe(0);
    expect(resultsOf(out)).toEqual(expected);
  });
});

describe("a resumed run", () => {
  it("is told at once that it is done", async () => {
    const before = readdirSync(whole);
    const events = await resume(whole);
    expect(events).toHaveLength(1);
    expect(events[0]).toMatchObject({
      type: "done",
      step: 9,
      adapter: join(whole, "adapter"),
      report: join(whole, "report.html"),
    });
    expect(readdirSync(whole)).toEqual(before);
  });

  it("needs to be asked to", async () => {
    await expect(collectEvents({ ...common, out: whole })).rejects.toThrow(
      new InputError(
        `${whole} already holds a run. Add resume: true to continue it, or give another folder as out.`,
      ),
    );
  });

  it("is refused while another run is in its folder", async () => {
    const out = newOut();
    let refused: unknown;
    await collectEvents({ ...common, out }, async (event) => {
      if (event.type === "start") refused = resume(out).catch((cause: unknown) => cause);
    });
    expect(await refused).toBeInstanceOf(InputError);
    expect(((await refused) as Error).message).toContain(": another process is training here (process ");
    expect(resultsOf(out)).toEqual(expected);
  });

  it("resumes what an older version began, which knew fewer options", async () => {
    const out = halfWay();
    const config = runJson(out);
    const { start: _, scheduleUnit: __, consistencyNoise: ___, ...recipe } = config.recipe;
    const { rank: ____, ...options } = config.method.options;
    const older = { ...config, recipe, method: { ...config.method, options } };
    writeFileSync(join(out, "run.json"), JSON.stringify(older));
    await resume(out);
    expect(resultsOf(out)).toEqual(expected);
  });

  it("counts an option that an older version lacked as its default", async () => {
    const out = halfWay();
    const config = runJson(out);
    const { scheduleUnit: _, ...older } = config.recipe;
    writeFileSync(join(out, "run.json"), JSON.stringify({ ...config, recipe: older }));
    await expect(resume(out, { recipe: { ...recipe, scheduleUnit: "step" } })).rejects.toThrow(
      new InputError(
        `${out}: this run began with other options: scheduleUnit was "epoch", is "step". Resume it with what it began with, or give another folder as out.`,
      ),
    );
  });

  it("tells how many images it has read to compare them with those it began with", async () => {
    const events = await stopAt((event) => event.type === "start", { out: newOut() });
    const read = only(events, "progress").filter(({ label }) => label === "reading images");
    const { train, val } = plain.dataset.splits;
    const total = train.length + val.length;
    expect(read.at(-1)).toEqual({
      type: "progress",
      label: "reading images",
      done: total,
      total,
      unit: "images",
    });
    expect(read).toHaveLength(total);
  });

  const [firstExample, ...otherExamples] = plain.dataset.splits.train;
  const fewer: Dataset = { ...plain.dataset, splits: { ...plain.dataset.splits, train: otherExamples } };
  it.each<[Partial<RunOptions>, string]>([
    [{ recipe: { ...recipe, epochs: 4, seed: 7 } }, "epochs was 3, is 4; seed was 42, is 7"],
    [{ method: { name: "linear" } }, 'method was "rlrr", is "linear"'],
    [{ method: { name: "rlrr", options: { rank: 2 } } }, "rank was 1, is 2"],
    [{ dataset: fewer }, "other images"],
    [
      { dataset: { ...plain.dataset, classes: ["a", "b", "c"] } },
      'classes was ["columns","rows","squares"], is ["a","b","c"]',
    ],
    [
      { preprocessing: [["resize", { size: [16, 16], filter: "box" }], normalize] },
      'preprocessing was [["resize",{"size":[16,16],"filter":"bicubic"}],["randomHorizontalFlip",{"probab…, is [["resize",{"size":[16,16],"filter":"box"}],["normalize",{"mean":[0.5,0.5,0.5],"…',
    ],
  ])("is refused with other options (case %#), and told which", async (options, difference) => {
    await expect(resume(whole, options)).rejects.toThrow(
      new InputError(
        `${whole}: this run began with other options: ${difference}. Resume it with what it began with, or give another folder as out.`,
      ),
    );
    expect(firstExample).toBeDefined();
  });

  it("is refused on another base", async () => {
    const weights = new Map(plain.model.weights).set("cls", {
      shape: [1, 1, 16],
      data: new Float32Array(16),
    });
    await expect(resume(whole, { model: { ...plain.model, weights } })).rejects.toThrow(
      /: this run began with other options: model was tiny \(sha256 [0-9a-f]{12}…\), is tiny \(sha256 [0-9a-f]{12}…\)\. Resume/,
    );
  });

  it("is refused with other heads, which no weight tells", async () => {
    const model = { ...plain.model, config: { ...plain.model.config, heads: 4 } };
    await expect(resume(whole, { model })).rejects.toThrow(
      "this run began with other options: heads was 2, is 4. Resume",
    );
  });

  it("is refused when an image has changed since", async () => {
    const out = halfWay();
    const { path } = firstExample ?? { path: "" };
    const bytes = readFileSync(path);
    writeFileSync(path, readFileSync(common.dataset.splits.train.at(-1)?.path ?? ""));
    try {
      await expect(resume(out, { store: undefined })).rejects.toThrow("this run began with other images");
    } finally {
      writeFileSync(path, bytes);
    }
  });

  it("writes the page that a run killed at its very end lacks, and misses a lost adapter", async () => {
    const out = newOut();
    cpSync(whole, out, { recursive: true });
    rmSync(join(out, "report.html"));
    expect(only(await resume(out), "done")).toHaveLength(1);
    expect(readFileSync(join(out, "report.html"), "utf8")).toContain("best epoch");
    rmSync(join(out, "adapter"), { recursive: true });
    await expect(resume(out)).rejects.toThrow(
      new FileError(
        `${out}: this run is finished, but its adapter is gone. Restore ${join(out, "adapter")}, or remove ${out} to train again.`,
      ),
    );
  });

  it("may find its data and its base elsewhere, and be saved more seldom", async () => {
    const out = halfWay();
    const moved = join(root, "moved");
    cpSync(plain.dataset.root, moved, { recursive: true });
    const elsewhere = (examples: Dataset["splits"]["train"]) =>
      examples.map(({ path, label }) => ({ label, path: path.replace(plain.dataset.root, moved) }));
    const { train, val } = plain.dataset.splits;
    const splits = { train: elsewhere(train), val: elsewhere(val), test: [] };
    await resume(out, {
      dataset: { ...plain.dataset, root: moved, splits },
      baseId: "elsewhere/tiny",
      recipe: { ...recipe, checkpointSeconds: 60 },
    });
    expect(resultsOf(out)).toEqual(expected);
    expect(runJson(out)).toMatchObject({ model: { id: "elsewhere/tiny" }, data: { root: moved } });
  });

  it("keeps what was settled when it began, whatever this machine would choose", async () => {
    const out = newOut();
    const settledRecipe = { ...recipe, microBatchSize: 0 };
    await stopAt((event) => event.type === "start", { out, recipe: settledRecipe });
    const config = runJson(out);
    expect(config.settled.microBatchSize).toBe(10);
    const settled = { ...config.settled, microBatchSize: 2 };
    writeFileSync(join(out, "run.json"), JSON.stringify({ ...config, settled }));
    const events = await resume(out, { recipe: settledRecipe });
    expect(only(events, "start")[0]?.microBatchSize).toBe(2);
  });

  it("is refused when other images can be read than before", async () => {
    const out = halfWay();
    const { path } = firstExample ?? { path: "" };
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.subarray(0, 60));
    try {
      await expect(resume(out, { skipBadImages: true, store: undefined })).rejects.toThrow(
        new InputError(
          `${out}: this run began with other images: some have changed since, or can or cannot be read now. Restore them to resume, or give another folder as out.`,
        ),
      );
    } finally {
      writeFileSync(path, bytes);
    }
  });

  it("starts again where its state is gone, and says so", async () => {
    const out = halfWay();
    rmSync(join(out, "checkpoint.safetensors"));
    const events = await resume(out);
    expect(only(events, "note").map(({ message }) => message)).toEqual([
      `${out} holds no saved state; starting the run again.`,
    ]);
    expect(resultsOf(out)).toEqual(expected);
  });

  it("does without its log, where that is gone", async () => {
    const out = halfWay();
    rmSync(join(out, "metrics.jsonl"));
    const events = await resume(out);
    const lines = readFileSync(join(out, "metrics.jsonl"), "utf8").trimEnd().split("\n");
    expect(lines).toHaveLength(only(events, "step").length + only(events, "epoch").length);
    expect(resultsOf(out).adapter).toBe(expected.adapter);
  });

  it.each([
    ['{"version":', " is not JSON (Unexpected end of JSON input)."],
    ["[]", ": the file is not valid in this version of rlrr."],
    ['{"version": 9}', ": version is not valid in this version of rlrr."],
  ])("is refused when its run.json is %s", async (text, message) => {
    const out = halfWay();
    const path = join(out, "run.json");
    writeFileSync(path, text);
    const error = await resume(out).catch((cause: unknown) => cause);
    const advice = " Remove its folder, or give another one as out.";
    expect(error).toEqual(new FileError(`${path}${message}${advice}`));
    expect(existsSync(join(out, "run.lock"))).toBe(false);
  });

  it.each<[string, Partial<Position>]>([
    ["step 4 is not in epoch 1", { epoch: 0, stepInEpoch: 3, step: 4 }],
    ["step 3 is not in epoch 2", { epoch: 1, stepInEpoch: 1, step: 3 }],
  ])("is refused at an impossible position: %s", async (why, position) => {
    const out = halfWay();
    const path = join(out, "checkpoint.safetensors");
    const file = await readSafetensors(path);
    const tensors = new Map<string, Tensor>();
    for (const name of file.tensors.keys()) tensors.set(name, await readTensor(file, name));
    const before = JSON.parse(file.metadata.get("position") ?? "");
    await writeSafetensors(path, tensors, { position: JSON.stringify({ ...before, ...position }) });
    await expect(resume(out)).rejects.toThrow(
      new FileError(`${path} is damaged: ${why}. Remove it to start the run again.`),
    );
  });
});
