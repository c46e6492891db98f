import { copyFile, readFile, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeColours, writeTinyModel } from "../../test/colour-data.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { resultsOf } from "../../test/tiny-training.ts";
import { InputError } from "../errors.ts";
import { openEngine, readAdapter, readDataset, readModel } from "../node.ts";
import type { TrainEvent } from "./events.ts";
import { type TrainOptions, train } from "./train.ts";

const root = temporaryFolder("train");
const at = (...names: string[]) => join(root, ...names);
const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());
beforeAll(async () => {
  await writeTinyModel(at("base"), { labels: [] });
  await writeColours(at("plain"), { "": 5 });
  await writeColours(at("splits"), { train: 4, val: 2, test: 1 });
});

const recipe = { name: "official", epochs: 1, batchSize: 8 } as const;
async function run(options: Partial<TrainOptions> & { readonly out: string }) {
  const events: TrainEvent[] = [];
  const common = { model: at("base"), data: at("plain"), recipe, engine };
  for await (const event of train({ ...common, ...options })) events.push(event);
  const notes = events.flatMap((event) => (event.type === "note" ? [event.message] : []));
  const start = events.find((event) => event.type === "start");
  return { events, notes, start, done: events.at(-1) };
}

describe("train", () => {
  it("makes a validation split, and names the base so that the adapter is found from anywhere", async () => {
    const { notes, start, done } = await run({ out: at("run") });
    expect(start).toMatchObject({ method: "rlrr", trainExamples: 12, valExamples: 3 });
    expect(notes).toEqual([
      "No validation split was given: 3 of the 15 training images, chosen class by class with seed 42, became one.",
      "3 classes: blue, green, red (12 training, 3 validation images)",
    ]);
    expect(done).toMatchObject({ type: "done", adapter: at("run", "adapter") });
    const adapter = await readAdapter(at("run"));
    expect(adapter.base.id).toBe("base");
    expect(JSON.parse(await readFile(at("run", "run.json"), "utf8")).model.id).toBe(at("base"));
  });

  it("takes what was read already, to the same run", async () => {
    const [model, data] = [await readModel(at("base")), await readDataset(at("plain"))];
    const { start } = await run({ model, data, out: at("read") });
    expect(start).toMatchObject({ trainExamples: 12, valExamples: 3 });
    const [one, other] = [await readAdapter(at("run")), await readAdapter(at("read"))];
    expect(other.base).toEqual(one.base);
    expect(other.tensors).toEqual(one.tensors);
  });

  it("trains on validation images too where the last epoch is kept", async () => {
    const { notes, start } = await run({
      ...{ data: at("splits"), out: at("last"), method: "linear" },
      recipe: { ...recipe, select: "last" },
    });
    expect(start).toMatchObject({ method: "linear", trainExamples: 18, valExamples: 0 });
    expect(notes).toContain(
      "Training on the 6 validation images too, since the last epoch is kept in any case.",
    );
  });

  it("prepares images by the choices given, else by the model's own way", async () => {
    await run({ out: at("flipped"), images: { flip: true, normalize: "imagenet" } });
    const steps = JSON.parse(await readFile(at("flipped", "run.json"), "utf8")).preprocessing;
    expect(steps.map(([name]: [string]) => name)).toEqual(["resize", "randomHorizontalFlip", "normalize"]);
    expect(steps.at(-1)[1].mean).toEqual([0.485, 0.456, 0.406]);
  });

  it("follows the data by default: few images are cross-validated, crops trained on, whole images validated", async () => {
    const { notes, start, done, events } = await run({ out: at("few"), recipe: {} });
    expect(notes).toEqual([
      "Recipe: trains on random crops of 30 % of an image or more, and validates whole images.",
      "3 classes: blue, green, red (15 training images)",
      "Recipe: 20 epochs of 15 images in steps of 4, 80 steps: the fewer the images, the more epochs and the smaller the steps.",
      "Recipe: learning rate 0.003 at its top, from a linear probe; nothing is kept that validates worse than the probe.",
      "Recipe: keeps weights 0.5 of the way from a linear probe to what was trained: few images teach much that is not so.",
      "Recipe: 4-fold cross-validation, since 15 images are too few to hold some out.",
    ]);
    expect(start).toMatchObject({ trainExamples: 15, valExamples: 0, folds: 4, epochs: 20 });
    expect(events.filter(({ type }) => type === "fold")).toHaveLength(4);
    const adapter = await readAdapter(at("few"));
    expect(adapter.preprocessing.map(([name]) => name)).toEqual(["resize", "normalize"]);
    const config = JSON.parse(await readFile(at("few", "run.json"), "utf8"));
    expect(config.preprocessing[0]).toEqual([
      "randomResizedCrop",
      { size: [8, 8], scale: [0.3, 1], ratio: [3 / 4, 4 / 3], filter: "bilinear" },
    ]);
    expect(config.evaluation[0][0]).toBe("resize");
    expect(adapter.training.validationTop1).toBe(done?.type === "done" ? done.valTop1 : undefined);
  });

  it("holds out the share that is asked for, however few images there are", async () => {
    const { start } = await run({ out: at("share"), recipe: { epochs: 1 }, validationFraction: 0.4 });
    expect(start).toMatchObject({ trainExamples: 9, valExamples: 6, folds: 0 });
  });

  it("keeps copies of an image in one fold", async () => {
    const data = await readDataset(at("plain"));
    const [first] = data.splits.train;
    if (!first) throw new Error("no image");
    const copies = ["i", "ii", "iii"].map((name) => join(dirname(first.path), `${name}.png`));
    for (const copy of copies) await copyFile(first.path, copy);
    const { notes, events } = await run({ out: at("copies"), recipe: { epochs: 0 } });
    for (const copy of copies) await rm(copy);
    expect(notes).toContain("3 training images are copies of others; copies stay in one fold.");
    // 15 different images in four folds, one of them four times; each by itself, 18 images would lie 5, 5, 4, 4.
    const sizes = events.flatMap((event) => (event.type === "fold" ? [event.examples] : []));
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(18);
    expect(Math.max(...sizes)).toBeGreaterThanOrEqual(6);
  });

  it("ends with stopped where its signal is raised before there is anything to save", async () => {
    const { events } = await run({ out: at("stopped"), signal: AbortSignal.abort() });
    expect(events).toEqual([{ type: "stopped", step: 0 }]);
  });

  describe("a run that is resumed by its folder alone", () => {
    const begun = {
      recipe: { epochs: 3, batchSize: 4, learningRate: 1e-2 },
      images: { flip: true } as const,
    };
    const options = { ...begun, validationFraction: 0.4, method: { name: "rlrr", options: { rank: 2 } } };
    /** Stops in the second epoch. */
    async function stopHalfWay(out: string): Promise<void> {
      const stop = new AbortController();
      const common = { model: at("base"), data: at("plain"), engine, out };
      for await (const event of train({ ...common, ...options, signal: stop.signal }))
        if (event.type === "step" && event.step === 4) stop.abort();
    }
    async function resume(out: string, again: Partial<TrainOptions> = {}): Promise<TrainEvent[]> {
      const events: TrainEvent[] = [];
      for await (const event of train({ out, resume: true, engine, ...again })) events.push(event);
      return events;
    }

    it("gives the same results, and then says that it is finished", async () => {
      await run({ out: at("whole"), ...options });
      await stopHalfWay(at("halves"));
      expect((await resume(at("halves"))).at(-1)).not.toHaveProperty("finishedBefore");
      expect(resultsOf(at("halves"))).toEqual(resultsOf(at("whole")));
      const again = await resume(at("halves"));
      expect(again.filter(({ type }) => type !== "note")).toMatchObject([
        { type: "done", finishedBefore: { epochs: 3 } },
      ]);
      expect(resultsOf(at("halves"))).toEqual(resultsOf(at("whole")));
    });

    it("names what is given again and differs", async () => {
      await expect(
        resume(at("whole"), {
          recipe: { learningRate: 3e-3 },
          validationFraction: 0.2,
          images: { flip: false },
        }),
      ).rejects.toThrow(
        new InputError(
          `${at("whole")}: this run began with other options: learningRate was 0.01, is 0.003; validationFraction was 0.4, is 0.2; flip was true, is false. Resume it with what it began with, or give another folder as out.`,
        ),
      );
    });

    it("says what is no longer where it was", async () => {
      await writeColours(at("gone"), { "": 5 });
      await run({ out: at("lost"), data: at("gone") });
      await rename(at("gone"), at("moved"));
      await expect(resume(at("lost"))).rejects.toThrow(
        new InputError(
          `${at("lost")}: its data ${at("gone")} is no longer there. Give its place as data; the images must be the same.`,
        ),
      );
      expect((await resume(at("lost"), { data: at("moved") })).at(-1)).toMatchObject({ type: "done" });
    });
  });

  it.each<[Partial<TrainOptions>, string]>([
    [{ validationFraction: 1 }, "validationFraction must be a number above 0 and below 1, got 1."],
    [{ recipe: { epochs: -1 } }, "epochs must be a whole number from 0 to 100000, got -1."],
    [
      { out: at("plain", "red") },
      `${at("plain", "red")} is not empty and holds no run. Name a new folder with out.`,
    ],
    [
      { out: at("run") },
      `${at("run")} already holds a run. Add resume: true to continue it, or give another folder as out.`,
    ],
  ])("refuses %j", async (options, message) => {
    await expect(run({ out: at("new"), ...options })).rejects.toThrow(new InputError(message));
  });

  it.each<[object | undefined, string]>([
    [undefined, "train: out is missing."],
    [{}, "train: out is missing."],
    [{ out: "o" }, "train: data is missing."],
    [{ out: "o", resume: true }, "o holds no run yet. Give data to start one."],
    [{ model: 5, data: "d", out: "o" }, "train: model must be a path, got 5."],
    [{ model: "m", data: "d", out: 7 }, "train: out must be a path, got 7."],
    [
      { model: "m", data: "d", out: "o", epochs: 1 },
      'train: there is no option "epochs". Known: model, data, out, method, recipe, images, imageSize, continueFrom, dropClasses, heads, validationFraction, skipBadImages, keepEpochs, tensorboard, resume, engine, store, features, memory, signal, onProgress, provider, threads. Options of training, such as epochs, belong in recipe.',
    ],
  ])("refuses options %j of a program without types", async (options, message) => {
    await expect(train(options as TrainOptions).next()).rejects.toThrow(new InputError(message));
  });
});
