import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { logitsOf } from "../../test/logits-of.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { collectEvents, only, resultsOf, tinyRecipe, tinyTraining } from "../../test/tiny-training.ts";
import { readAdapter } from "../adapter/adapter-file.ts";
import { mergeAdapter } from "../adapter/merge.ts";
import type { Dataset, Example } from "../datasets/dataset.ts";
import { openEngine } from "../engine/open-engine.ts";
import { InputError } from "../errors.ts";
import { methods } from "../methods/methods.ts";
import { DivergedError } from "../train/epochs.ts";
import type { RecipeInput } from "../train/recipe.ts";
import { countCorrect } from "../train/step.ts";
import { readCheckpoint } from "./checkpoint.ts";
import type { RunOptions } from "./open-run.ts";
import { runTraining } from "./run-training.ts";

const root = temporaryFolder("train");
const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());
const common = await tinyTraining(root, engine);
let count = 0;
const newOut = (): string => join(root, `run ${count++}`);

/** Trains into a new folder. */
async function run(recipe: RecipeInput = {}, options: Partial<RunOptions> = {}) {
  const out = options.out ?? newOut();
  const events = await collectEvents({ ...common, ...options, out, recipe: { ...tinyRecipe, ...recipe } });
  const [done] = only(events, "done");
  return { out, events, losses: only(events, "step").map(({ loss }) => loss), done };
}

/** A run with nothing special. */
const plain = await run();

/** Data of which some images are others. */
function withSplits(change: (splits: Dataset["splits"]) => Partial<Dataset["splits"]>): Dataset {
  return { ...common.dataset, splits: { ...common.dataset.splits, ...change(common.dataset.splits) } };
}

function damage(example: Example): Example {
  const path = join(root, `damaged ${count++}.png`);
  writeFileSync(path, readFileSync(example.path).subarray(0, 60));
  return { ...example, path };
}

describe("train", () => {
  it("learns: the loss falls, and images that it never saw are told apart", async () => {
    const { out, events, done, losses } = await run({ epochs: 16 });
    const epochs = only(events, "epoch");
    expect(losses[0]).toBeCloseTo(Math.log(3), 5); // the head starts at zero
    expect(epochs.at(-1)?.trainLoss).toBeLessThan(0.3);
    expect(done?.valTop1).toBeGreaterThanOrEqual(90);
    expect(done?.valTop1).toBe(Math.max(...epochs.map(({ valTop1 = 0 }) => valTop1)));

    // what was kept does as well as it was said to
    const adapter = await readAdapter(out);
    const { val } = common.dataset.splits;
    const batchSize = val.length;
    const logits = await logitsOf(val, { ...common, adapter, engine });
    const right = countCorrect(
      logits,
      { labels: Int32Array.from(val, ({ label }) => label), count: batchSize },
      3,
    );
    expect((100 * right) / batchSize).toBe(done?.valTop1);
    expect(adapter.training).toMatchObject({
      epochs: 16,
      keptEpoch: done?.epoch,
      validationTop1: done?.valTop1,
      trainImages: 24,
      validationImages: 12,
    });
  });

  it("tells first what it will do, and last what came of it", () => {
    const { out, events } = plain;
    const first = events.find(({ type }) => type !== "progress");
    expect(first).toEqual({
      type: "start",
      method: "rlrr",
      // two blocks of 4 · 48 (q, k, v, o) + 80 (fc1) + 64 (fc2) + 64 (norms); final norm and patches 32 each; head 51
      trainable: 2 * 400 + 64 + 51,
      headTrainable: 3 * 16 + 3,
      // patches 784, CLS 16, positions 272, two blocks of 2,224, final norm 32
      backbone: 784 + 16 + 272 + 2 * 2224 + 32,
      classes: 3,
      trainExamples: 24,
      valExamples: 12,
      folds: 0,
      epochs: 4,
      steps: 12,
      microBatchSize: 8,
      resumedAt: 0,
    });
    expect(events.at(-1)).toMatchObject({
      type: "done",
      adapter: join(out, "adapter"),
      report: join(out, "report.html"),
      step: 12,
      stoppedEarly: false,
    });
    expect(readdirSync(out).sort()).toEqual([
      "adapter",
      "checkpoint.safetensors",
      "metrics.jsonl",
      "report.html",
      "run.json",
      "steps.csv",
    ]);
  });

  it("logs every step and epoch, without the time of day", () => {
    const { out, events } = plain;
    const lines = readFileSync(join(out, "metrics.jsonl"), "utf8").trimEnd().split("\n");
    const expected = events.flatMap((event): object[] => {
      if (event.type === "step") {
        const { steps: _, imagesPerSecond: __, ...numbers } = event;
        return [numbers];
      }
      if (event.type !== "epoch") return [];
      const { seconds: _, waitSeconds: __, ...numbers } = event;
      return [numbers];
    });
    expect(lines.map((line) => JSON.parse(line))).toEqual(expected);
    expect(lines).toHaveLength(4 * 3 + 4);
  });

  it("gives the same numbers for the same seed, others for another", async () => {
    const recipe = { dropout: 0.2, epochs: 2, warmupEpochs: 0 };
    const first = await run(recipe);
    const second = await run(recipe);
    expect(resultsOf(second.out)).toEqual(resultsOf(first.out));
    expect((await run({ ...recipe, seed: 7 })).losses).not.toEqual(first.losses);
  });

  // 24 images in steps of 10, 10 and 4; in runs of 2, or of 4, 4 and 2
  it.each([2, 4])(
    "adds up runs of %d to what the whole batch gives, a short last step included",
    async (size) => {
      const whole = await run({ batchSize: 10, labelSmoothing: 0.1, clipNorm: 1 });
      const parts = await run({ batchSize: 10, labelSmoothing: 0.1, clipNorm: 1, microBatchSize: size });
      expect(whole.losses).toHaveLength(12);
      expect(parts.losses).toBeCloseToTensor(whole.losses, { relative: 1e-4 });
      expect(parts.losses).not.toEqual(whole.losses);
      const [start] = only(parts.events, "start");
      expect(start?.microBatchSize).toBe(size);
    },
  );

  it("starts where its method suggests, unless told otherwise", async () => {
    const { learningRate: _, ...quiet } = tinyRecipe;
    const recipe = { ...quiet, epochs: 1, warmupEpochs: 0 };
    const rateOf = (events: Awaited<ReturnType<typeof collectEvents>>) =>
      only(events, "step")[0]?.learningRate;
    const rates = ["rlrr", "linear", "full"].map(async (name) =>
      rateOf(await collectEvents({ ...common, out: newOut(), recipe, method: { name } })),
    );
    expect(await Promise.all(rates)).toEqual([1e-3, 1e-2, 1e-4]);
  });

  it("refuses what is in the adapter's place before it begins", async () => {
    const out = newOut();
    await collectEvents({ ...common, out, recipe: { ...tinyRecipe, epochs: 1 } });
    writeFileSync(join(out, "adapter", "notes.txt"), "");
    const again = collectEvents({ ...common, out, recipe: { ...tinyRecipe, epochs: 1 }, resume: true });
    await expect(again).rejects.toThrow(
      new InputError(
        `${join(out, "adapter")} holds "notes.txt", which does not belong to an adapter and would be lost. Move it elsewhere.`,
      ),
    );
  });

  it.each(["start", "saved", "probe", "step"])(
    "continues a run that starts from a probe to the same results when stopped at the first %s",
    async (type) => {
      const recipe = { ...tinyRecipe, epochs: 2, start: "probe" } as const;
      const whole = await run(recipe);
      const out = newOut();
      const stop = new AbortController();
      await collectEvents({ ...common, out, recipe, signal: stop.signal }, (event) => {
        if (event.type === type) stop.abort();
      });
      const events = await collectEvents({ ...common, out, recipe, resume: true });
      expect(resultsOf(out)).toEqual(resultsOf(whole.out));
      expect(only(events, "done")[0]).toMatchObject({
        epoch: whole.done?.epoch,
        valTop1: whole.done?.valTop1,
      });
    },
  );

  it("never keeps an epoch that is worse than the probe", async () => {
    const { out, events, done } = await run({
      ...{ start: "probe", learningRate: 5, warmupEpochs: 0, schedule: "constant" },
    });
    const [probe] = only(events, "probe");
    expect(only(events, "epoch").every(({ best }) => !best)).toBe(true);
    expect(done).toMatchObject({ epoch: -1, valTop1: probe?.valTop1 });
    expect((await readAdapter(out)).training).toMatchObject({
      keptEpoch: -1,
      validationTop1: probe?.valTop1,
    });
    expect(readFileSync(join(out, "adapter", "README.md"), "utf8")).toContain("| keptEpoch | linear probe |");
  });

  it("weighs rare classes more when told to", async () => {
    const dataset = withSplits(({ train }) => ({ train: train.filter((_, at) => at % 8 < 2 || at >= 16) }));
    const even = await run({ batchSize: 12 }, { dataset });
    const balanced = await run({ batchSize: 12, classWeights: "balanced" }, { dataset });
    // 2, 2 and 8 images, one step per epoch: while the head is zero every image loses ln 3, whatever its weight
    expect(balanced.losses[0]).toBeCloseTo(even.losses[0] ?? 0, 5);
    expect(balanced.losses[3]).not.toBeCloseTo(even.losses[3] ?? 0, 3);
  });

  it.each(["dropout", "dropPath"] as const)("drops with %s in training, not in validation", async (drop) => {
    const dropped = await run({ epochs: 3, warmupLearningRate: 0, [drop]: 0.5 });
    const frozen = await run({ epochs: 1, warmupLearningRate: 0 });
    const val = ({ events }: typeof plain) => only(events, "epoch")[0]?.valLoss;
    // an epoch at rate 0: the same weights, so the same validation loss
    expect(val(dropped)).toBe(val(frozen));
    expect(dropped.losses.slice(6)).not.toEqual(plain.losses.slice(6, 9));
    expect(dropped.losses.every(Number.isFinite)).toBe(true);
  });

  it("trains the head alone on features computed once, to the numbers that images give", async () => {
    const method = { name: "linear" };
    const cached = await run({}, { method });
    const flip = ["randomHorizontalFlip", { probability: 0 }] as const;
    const [resize, normalize] = common.preprocessing;
    if (!resize || !normalize) throw new Error("no steps");
    const images = await run({}, { method, preprocessing: [resize, flip, normalize] });
    const labels = ({ events }: typeof cached) => new Set(only(events, "progress").map(({ label }) => label));
    expect(labels(cached)).toContain("computing features");
    expect(labels(images)).not.toContain("computing features");
    expect(cached.losses).toBeCloseToTensor(images.losses, { relative: 1e-5 });
    expect(cached.done?.valTop1).toBe(images.done?.valTop1);
  });

  it("computes no features once where dropout would change them every step", async () => {
    const { events } = await run({ dropout: 0.1, epochs: 1 }, { method: { name: "linear" } });
    expect(only(events, "progress").map(({ label }) => label)).not.toContain("computing features");
  });

  it("trains everything with full, into an adapter that merges", async () => {
    const { out, losses } = await run({ learningRate: 5e-3 }, { method: { name: "full" } });
    expect(losses.at(-1)).toBeLessThan(losses[0] ?? 0);
    const weights = await mergeAdapter(common.model, await readAdapter(out), engine);
    expect(weights.get("cls")).not.toEqual(common.model.weights.get("cls"));
  });

  it("keeps the best epoch, or the last", async () => {
    const best = await run({ epochs: 8, learningRate: 0.3 });
    const last = await run({ epochs: 2, select: "last" });
    const tops = only(best.events, "epoch").map(({ valTop1 = 0 }) => valTop1);
    const losses = only(best.events, "epoch").map(({ valLoss = 0 }) => valLoss);
    const highest = Math.max(...tops);
    const winners = tops.flatMap((top1, epoch) => (top1 === highest ? [epoch] : []));
    const winner = winners.toSorted((a, b) => (losses[a] ?? 0) - (losses[b] ?? 0))[0];
    expect(best.done).toMatchObject({ epoch: winner, valTop1: highest });
    expect(last.done).toMatchObject({ epoch: 1 });
    expect(last.done).not.toHaveProperty("valTop1");
    expect((await readAdapter(last.out)).training.keptEpoch).toBe(1);
    const flagged = only(best.events, "epoch").filter((event) => event.best);
    expect(flagged.at(-1)?.epoch).toBe(winner);
    expect(only(best.events, "saved").filter(({ what }) => what === "adapter")).toHaveLength(flagged.length);
  });

  it("does without validation images when the last epoch is kept", async () => {
    const dataset = withSplits(() => ({ val: [] }));
    const { events, done } = await run({ select: "last", epochs: 1 }, { dataset });
    expect(done?.epoch).toBe(0);
    for (const event of only(events, "epoch")) {
      expect(event.best).toBe(false);
      expect(event).not.toHaveProperty("valLoss");
    }
    await expect(run({}, { dataset })).rejects.toThrow(
      new InputError(
        `${dataset.root}: there is no validation image to choose the best epoch by. Give more images, or select: "last".`,
      ),
    );
  });

  it("stops early when no epoch gets better", async () => {
    const { done, events } = await run({ epochs: 50, patience: 3, schedule: "constant" });
    expect(done?.stoppedEarly).toBe(true);
    const epochs = only(events, "epoch");
    expect(epochs.length).toBeLessThan(50);
    expect(epochs.at(-1)?.epoch).toBe((done?.epoch ?? 0) + 3);
  });

  it("stops when the loss is no number, says when, and keeps the last good state", async () => {
    const out = newOut();
    const recipe = { learningRate: 1e30, warmupEpochs: 0, schedule: "constant" } as const;
    const path = join(out, "checkpoint.safetensors");
    const error = await run(recipe, { out }).catch((cause: unknown) => cause);
    expect(error).toEqual(
      new DivergedError(
        `The loss became NaN or infinite at step 2 (epoch 1, learning rate 1e+30). Try a lower learning rate, or a clip norm of 1. The last good state, after step 0, is kept in ${path}; start again in a new folder.`,
      ),
    );
    expect(error).toMatchObject({ exitCode: 1 });
    expect(readdirSync(out).sort()).toEqual([
      "checkpoint.safetensors",
      "metrics.jsonl",
      "report.html",
      "run.json",
      "steps.csv",
    ]);
    expect(readFileSync(join(out, "metrics.jsonl"), "utf8").trim().split("\n")).toHaveLength(1);
    const { position } = (await readCheckpoint(path, [])) ?? {};
    expect(position).toMatchObject({ step: 0, lines: 0, finished: false });
  });

  it.each<[string, RecipeInput, string]>([
    ["validation finds no numbers", { learningRate: 1e30 }, "The loss on validation images"],
    ["nothing is validated", { learningRate: 1e39, select: "last" }, 'A number of "head.weight"'],
  ])("keeps no adapter of a last step that went too far: %s", async (_, recipe, what) => {
    const out = newOut();
    const dataset = withSplits(({ val }) => ({ val: recipe.select === "last" ? [] : val }));
    const far = { batchSize: 24, epochs: 1, warmupEpochs: 0, ...recipe };
    await expect(run(far, { out, dataset })).rejects.toThrow(
      `${what} became NaN or infinite at step 1 (epoch 1, learning rate ${recipe.learningRate}).`,
    );
    expect(existsSync(join(out, "adapter"))).toBe(false);
  });

  it("stops before training when images are damaged, with all of them", async () => {
    const out = newOut();
    const dataset = withSplits(({ train: [first, ...train], val: [second, ...val] }) => ({
      train: first ? [damage(first), ...train] : train,
      val: second ? [damage(second), ...val] : val,
    }));
    const error = await run({}, { dataset, out }).catch((cause: unknown) => cause);
    expect(error).toMatchObject({ name: "FileError", exitCode: 2 });
    const { message } = error as Error;
    const lines = message.split("\n");
    expect(lines[0]).toBe("2 images cannot be used:");
    expect(lines[1]).toContain(dataset.splits.train[0]?.path);
    expect(lines[2]).toContain(dataset.splits.val[0]?.path);
    expect(lines[3]).toBe("Remove or repair them, or leave them out with skipBadImages.");
    expect(existsSync(out)).toBe(false);

    const { events, done } = await run({ epochs: 1 }, { dataset, skipBadImages: true });
    expect(only(events, "start")[0]).toMatchObject({ trainExamples: 23, valExamples: 11 });
    expect(only(events, "note")[0]?.message).toMatch(/^2 images left out:\n/);
    expect(done).toBeDefined();
  });

  it("refuses data without a usable image", async () => {
    const dataset = withSplits(({ train }) => ({ train: train.slice(0, 1).map(damage) }));
    await expect(run({}, { dataset, skipBadImages: true })).rejects.toThrow(
      new InputError(`${dataset.root}: there is no image to train on.`),
    );
  });

  it.each<[string, Partial<RunOptions>, string]>([
    ["a recipe", { recipe: { epochs: -1 } }, "epochs must be a whole number from 0 to 100000, got -1."],
    [
      "a method",
      { method: { name: "houlsby" } },
      `method: there is no method "houlsby". Known: ${methods.map(({ name }) => name).join(", ")}.`,
    ],
    [
      "a method's option",
      { method: { name: "rlrr", options: { rank: 0 } } },
      "method: option rank of method rlrr must be a whole number from 1 to 256, got 0.",
    ],
    [
      "a size of images",
      { preprocessing: [["resize", { size: [32, 32], filter: "box" }]] },
      "Preprocessing makes images of 32 x 32 pixels; tiny takes 16 x 16.",
    ],
  ])("refuses %s before it makes a folder", async (_, options, message) => {
    const out = newOut();
    await expect(collectEvents({ ...common, out, ...options })).rejects.toThrow(new InputError(message));
    expect(existsSync(out)).toBe(false);
  });

  it("writes over nobody's files", async () => {
    const out = newOut();
    mkdirSync(join(out, "adapter"), { recursive: true });
    await expect(run({}, { out })).rejects.toThrow(
      new InputError(
        `${out} holds adapter but no run.json, so it is not a run to resume. Give another folder as out.`,
      ),
    );
    expect(readdirSync(out)).toEqual(["adapter"]);
  });

  it("ends when its reader leaves, with the state saved and the folder free", async () => {
    const out = newOut();
    for await (const event of runTraining({ ...common, out })) if (event.type === "step") break;
    expect(readdirSync(out).sort()).toEqual([
      "checkpoint.safetensors",
      "metrics.jsonl",
      "report.html",
      "run.json",
      "steps.csv",
    ]);
  });

  it("draws its curves, epochs counted from 1", () => {
    const page = readFileSync(join(plain.out, "report.html"), "utf8");
    expect(page).toContain("<title>validation, epoch 4: ");
    expect(page).not.toContain("<title>validation, epoch 0: ");
    expect(page).toContain("<h1>Training run: rlrr on data</h1>");
    expect(page).toContain("<dt>training split</dt><dd>24 images</dd>");
    expect(page).toContain("<dt>validation split</dt><dd>12 images</dd>");
    expect(page).toContain("<dt>preprocessing</dt><dd>resized to 16 × 16 pixels");
  });

  it("names in its report every option that is not at its default", async () => {
    const { out } = await run({ epochs: 1, consistency: 0.5, labelSmoothing: 0.1 });
    const page = readFileSync(join(out, "report.html"), "utf8");
    expect(page).toMatch(/<dt>other options<\/dt><dd>[^<]*consistency 0\.5, [^<]*label smoothing 0\.1/);
  });
});
