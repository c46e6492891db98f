import { copyFile, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { colourNames, colours, writeColours, writePicture, writeTinyModel } from "../../test/colour-data.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { type ImageStore, openImageStore } from "../images/image-store.ts";
import {
  type Dataset,
  FileError,
  type ImageSource,
  InputError,
  inspect,
  type LoadedModel,
  load,
  merge,
  openEngine,
  type Prediction,
  readDataset,
  train,
} from "../node.ts";
import { LoadedModel as LoadedModelClass } from "./loaded-model.ts";

const root = temporaryFolder("load");
const at = (...names: string[]) => join(root, ...names);
const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());

/** Trains an adapter that tells the colours apart. */
beforeAll(async () => {
  await writeTinyModel(at("base"), { labels: [] });
  await writeColours(at("data"), { train: 8, test: 4 });
  for (const [name, colour] of Object.entries(colours)) await writePicture(at(`${name}.png`), colour, 77);
  await writeFile(at("notes.png"), "Water the roses.\n");
  const recipe = { name: "official" as const, epochs: 4, batchSize: 8, learningRate: 1e-2, warmupEpochs: 0 };
  const options = { model: at("base"), data: at("data"), out: at("run"), recipe, engine };
  for await (const event of train(options)) if (event.type === "done") return;
});

async function collect(predictions: AsyncIterable<Prediction>): Promise<Prediction[]> {
  const all: Prediction[] = [];
  for await (const prediction of predictions) all.push(prediction);
  return all;
}
/** The first label of each image, or why it has none. */
const firsts = async (model: LoadedModel, images: Parameters<LoadedModel["predict"]>[0]) =>
  (await collect(model.predict(images))).map(({ labels, error }) => labels?.[0]?.label ?? error?.message);

describe("load", () => {
  it.each([
    ["a run", () => load(at("run"), { engine })],
    ["an adapter", () => load(at("run", "adapter"), { engine })],
    ["an adapter on the base given", () => load(at("run"), { model: at("base"), engine })],
  ])("loads %s", async (_, loading) => {
    await using model = await loading();
    expect(model.labels).toEqual(colourNames);
    expect(await firsts(model, [at("red.png"), at("blue.png")])).toEqual(["red", "blue"]);
  });

  it("loads a merged model, which answers alike", async () => {
    const { path, difference } = await merge(at("run"), at("merged"), { engine });
    expect(path).toBe(at("merged"));
    expect(difference).toBeLessThan(1e-6);
    await using merged = await load(at("merged"), { engine });
    expect(merged.adapter).toBeUndefined();
    expect(await firsts(merged, at("green.png"))).toEqual(["green"]);
    await expect(merge(at("run"), at("merged"), { engine })).rejects.toThrow(
      new InputError(`${at("merged")} is not empty. Name a new or an empty folder.`),
    );
  });

  it("gives each label of a multi-label model a probability of its own", async () => {
    await merge(at("run"), at("multi"), { engine });
    const config = JSON.parse(await readFile(at("multi", "config.json"), "utf8"));
    const single = await load(at("multi"), { engine });
    const [before] = await collect(single.predict(at("red.png")));
    await single.close();
    const write = (problem_type: string) =>
      writeFile(at("multi", "config.json"), JSON.stringify({ ...config, problem_type }));
    await write("multi_label_classification");
    await using model = await load(at("multi"), { engine });
    expect(model.notes.at(-1)).toBe(
      "multi answers for each label by itself, so its probabilities do not add up to 1.",
    );
    const [after] = await collect(model.predict(at("red.png")));
    // Both orders are the logits'. p = e^x / Σ and s = 1 / (1 + e^-x), so ln(s / (1 - s)) - ln(p) is the same for every label.
    const shifts = after?.labels?.map(({ label, probability }, index) => {
      expect(label).toBe(before?.labels?.[index]?.label);
      return Math.log(probability / (1 - probability)) - Math.log(before?.labels?.[index]?.probability ?? 0);
    });
    for (const shift of shifts ?? [Number.NaN]) expect(shift).toBeCloseTo(shifts?.[0] ?? 0, 4);
    await expect(model.evaluate(at("data"))).rejects.toThrow(
      new InputError(
        "multi answers for each label by itself, with any number of labels per image; evaluate compares one label per image. Train an adapter on it for that.",
      ),
    );
    await write("regression");
    await expect(load(at("multi"), { engine })).rejects.toThrow(
      new InputError(
        "multi was trained for regression, so its head gives numbers that are no classes. Name an adapter that was trained on it.",
      ),
    );
  });

  it("refuses a model without a head, in words for a program", async () => {
    await expect(load(at("base"), { engine })).rejects.toThrow(
      new InputError(
        "base has no head, so it cannot classify by itself. Name an adapter that was trained on it.",
      ),
    );
  });

  const named = "takes the path or the hub id of a model, or { adapter, model }; got";
  it.each<[unknown, unknown, string]>([
    [5, {}, `load ${named} 5.`],
    [undefined, {}, `load ${named} undefined.`],
    [null, {}, `load ${named} null.`],
    ["run", { threads: -1 }, "threads must be a whole number above 0, got -1."],
    ["run", { threads: 0 }, "threads must be a whole number above 0, got 0."],
    ["run", { batchSize: 0 }, "batchSize must be a whole number above 0, got 0."],
    ["run", { batchSize: Number.NaN }, "batchSize must be a whole number above 0, got NaN."],
    ["run", { expectedImages: 2.5 }, "expectedImages must be a whole number above 0, got 2.5."],
    ["run", { heads: -3 }, "heads must be a whole number above 0, got -3."],
    [
      "run",
      { treads: 1 },
      'load: there is no option "treads". Known: model, engine, store, batchSize, expectedImages, heads, method, provider, threads, signal, onProgress, precision.',
    ],
    ["run", null, "load: its options must be an object, got null."],
    ["run", { signal: 5 }, "load: signal must be an AbortSignal, got 5."],
    ["run", { onProgress: "yes" }, 'load: onProgress must be a function, got "yes".'],
    ["run", { engine: {} }, "load: engine must be an engine, as openEngine gives, got {}."],
    ["run", { store: 1 }, "load: store must be an image store, as openImageStore gives, got 1."],
    ["run", { model: 5 }, "load: model must be a path or a model that was read, got 5."],
    [{ adapter: 5 }, {}, "load: adapter must be a path, got 5."],
    [{ adaptor: "run" }, {}, 'load: there is no option "adaptor". Known: adapter, model.'],
  ])("refuses load(%j, %j)", async (source, options, message) => {
    await expect(load(source as string, options as object)).rejects.toThrow(new InputError(message));
  });

  it.each<[unknown, unknown, object, string]>([
    ["run", "new", { threads: 1.5 }, "threads must be a whole number above 0, got 1.5."],
    [5, 6, {}, "merge: the adapter must be a path, got 5."],
    ["run", 6, {}, "merge: the folder to write must be a path, got 6."],
    ["run", undefined, {}, "merge: the folder to write must be a path, got undefined."],
    ["run", "new", { model: 5 }, "merge: model must be a path or a model that was read, got 5."],
    [
      "run",
      "new",
      { out: "x" },
      'merge: there is no option "out". Known: model, engine, heads, method, provider, threads, signal, onProgress.',
    ],
  ])("refuses merge(%j, %j, %j)", async (adapter, out, options, message) => {
    await expect(merge(adapter as string, out as string, options)).rejects.toThrow(new InputError(message));
  });

  it.each<[unknown, object, string]>([
    [5, {}, "inspect: what to describe must be a path, got 5."],
    [undefined, {}, "inspect: what to describe must be a path, got undefined."],
    [
      "vit-b16",
      { tensor: true },
      'inspect: there is no option "tensor". Known: heads, method, classes, tensors, signal, onProgress, onImages.',
    ],
    ["vit-b16", { heads: "3" }, 'heads must be a whole number above 0, got "3".'],
  ])("refuses inspect(%j, %j)", async (what, options, message) => {
    await expect(inspect(what as string, options)).rejects.toThrow(new InputError(message));
  });

  it("finds a base that is not where it was by its hash, or says in words for a program what is missing", async () => {
    await rename(at("base"), at("moved"));
    try {
      await using model = await load(at("run"), { engine });
      expect(model.notes).toContain(`The base base was found by its hash: ${at("moved")}.`);
      await rename(at("moved"), at(".gone"));
      await expect(load(at("run"), { engine })).rejects.toThrow(
        /^\S+\/run: its base is not on this machine\.\nIt is base: .* or give its place as model\.$/,
      );
      await rename(at(".gone"), at("moved"));
    } finally {
      await rename(at("moved"), at("base"));
    }
  });
});

describe("predict", () => {
  const streamOf = (bytes: Uint8Array) => new Blob([new Uint8Array(bytes)]).stream();
  it.each<[string, () => Promise<ImageSource> | ImageSource]>([
    ["a path", () => at("red.png")],
    ["a URL", () => pathToFileURL(at("red.png"))],
    ["bytes", () => readFile(at("red.png"))],
    ["a stream", async () => streamOf(await readFile(at("red.png")))],
    [
      "pixels",
      async () => {
        const { data, info } = await sharp(at("red.png")).raw().toBuffer({ resolveWithObject: true });
        return { width: info.width, height: info.height, data };
      },
    ],
  ])("takes %s, alone or in a list", async (_, source) => {
    await using model = await load(at("run"), { engine });
    expect(await firsts(model, await source())).toEqual(["red"]);
    const image = await source();
    const [prediction] = await collect(model.predict([image], { topK: 2 }));
    expect(prediction?.image).toBe(image);
    expect(prediction?.labels).toHaveLength(2);
    const [first, second] = prediction?.labels ?? [];
    expect(first?.probability).toBeGreaterThan(second?.probability ?? 1);
  });

  it("gives the error of an image that cannot be read, and labels the others, in order", async () => {
    await using model = await load(at("run"), { engine });
    const pixels = { width: 3, height: 2, data: new Uint8Array(17) };
    const images = [at("red.png"), at("notes.png"), pixels, at("none.png"), at("blue.png")];
    expect(await firsts(model, images)).toEqual([
      "red",
      `${at("notes.png")} is text, not an image. Replace it or remove it.`,
      "The image: 3 × 2 pixels are 18 bytes as RGB or 24 as RGBA, got 17.",
      expect.stringContaining(at("none.png")),
      "blue",
    ]);
    const [damaged] = await collect(model.predict(at("notes.png")));
    expect(damaged?.error).toBeInstanceOf(FileError);
  });

  it("reads a file again once it has changed", async () => {
    await using model = await load(at("run"), { engine });
    await copyFile(at("red.png"), at("changing.png"));
    expect(await firsts(model, at("changing.png"))).toEqual(["red"]);
    await copyFile(at("blue.png"), at("changing.png"));
    expect(await firsts(model, at("changing.png"))).toEqual(["blue"]);
  });

  it("answers many calls at once as it answers one, in a few runs", async () => {
    let [runs, loaded] = [0, 0];
    const images = 64;
    const counting: typeof engine = {
      ...engine,
      compile: async (graph) => {
        const session = await engine.compile(graph);
        return {
          buffer: (name) => session.buffer(name),
          run: async (feeds) => {
            runs++;
            // The first run takes as long as all images take to decode.
            while (loaded < images) await new Promise(setImmediate);
            return session.run(feeds);
          },
          close: () => session.close(),
        };
      },
    };
    const decoding = openImageStore();
    const store: ImageStore = {
      ...decoding,
      load: async (...given) => decoding.load(...given).finally(() => setImmediate(() => loaded++)),
    };
    {
      await using model = await load(at("run"), { engine: counting, store, batchSize: 16 });
      const names = Array.from({ length: images }, (_, index) => (index % 2 === 0 ? "red" : "blue"));
      const answers = await Promise.all(names.map((name) => firsts(model, at(`${name}.png`))));
      expect(answers).toEqual(names.map((name) => [name]));
    }
    await decoding.close();
    expect(runs).toBeLessThan(32);
  });

  it("answers an image while others are still being decoded", async () => {
    const decoding = openImageStore();
    let finish = () => {};
    const held = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const store: ImageStore = {
      ...decoding,
      load: async (source, ...rest) => {
        if (source === at("blue.png")) await held;
        return decoding.load(source, ...rest);
      },
    };
    {
      await using model = await load(at("run"), { engine, store, batchSize: 16 });
      const slow = firsts(model, at("blue.png"));
      expect(await firsts(model, at("red.png"))).toEqual(["red"]);
      finish();
      expect(await slow).toEqual(["blue"]);
    }
    await decoding.close();
  });

  it("listens to a signal once, however many images are under way", async () => {
    const warnings: string[] = [];
    const warned = ({ message }: Error) => void warnings.push(message);
    process.on("warning", warned);
    await using model = await load(at("run"), { engine });
    const { signal } = new AbortController();
    const red = await readFile(at("red.png"));
    const images = () =>
      Array.from({ length: 40 }, (_, index) => (index % 2 === 0 ? at("red.png") : streamOf(red)));
    const predictions = await Promise.all([1, 2].map(() => collect(model.predict(images(), { signal }))));
    process.off("warning", warned);
    expect(predictions.flat()).toHaveLength(80);
    expect(warnings).toEqual([]);
  });

  const kinds =
    "a path, a file: URL, bytes, a Blob, a ReadableStream, pixels as { width, height, data }, or an iterable of these";
  it.each<[unknown, unknown, string]>([
    ["x.png", { topK: -1 }, "topK must be a whole number above 0, got -1."],
    ["x.png", { topK: Number.NaN }, "topK must be a whole number above 0, got NaN."],
    ["x.png", { topK: 1.5 }, "topK must be a whole number above 0, got 1.5."],
    ["x.png", { topK: "3" }, 'topK must be a whole number above 0, got "3".'],
    ["x.png", { topk: 3 }, 'predict: there is no option "topk". Known: topK, signal.'],
    ["x.png", { signal: "now" }, 'predict: signal must be an AbortSignal, got "now".'],
    ["x.png", 3, "predict: its options must be an object, got 3."],
    [undefined, {}, `predict takes ${kinds}; got undefined.`],
    [null, {}, `predict takes ${kinds}; got null.`],
    [5, {}, `predict takes ${kinds}; got 5.`],
  ])("refuses predict(%j, %j)", async (images, options, message) => {
    await using model = await load(at("run"), { engine });
    await expect(collect(model.predict(images as string, options as object))).rejects.toThrow(
      new InputError(message),
    );
  });

  it("reads no further ahead than a few batches", async () => {
    await using model = await load(at("run"), { engine, batchSize: 2 });
    let asked = 0;
    function* endless() {
      for (; ; asked++) yield at("red.png");
    }
    for await (const { labels } of model.predict(endless())) {
      expect(labels?.[0]?.label).toBe("red");
      break;
    }
    expect(asked).toBeLessThanOrEqual(12);
  });

  it("ends with the reason of its signal", async () => {
    await using model = await load(at("run"), { engine });
    const stop = new AbortController();
    const predicting = async () => {
      for await (const _ of model.predict([at("red.png"), at("blue.png")], { signal: stop.signal }))
        stop.abort(new Error("enough"));
    };
    await expect(predicting()).rejects.toThrow("enough");
  });
});

describe("evaluate", () => {
  it("says how good the model is, on the held-out images by itself", async () => {
    await using model = await load(at("run"), { engine });
    const evaluation = await model.evaluate(at("data"));
    expect(evaluation).toMatchObject({ split: "test", classes: colourNames, skipped: 0, notes: [] });
    expect(evaluation.metrics).toMatchObject({ examples: 12, top1: 100 });
    expect(evaluation.examples).toHaveLength(12);
    const { splits, ...data } = await readDataset(at("data"));
    const notesOf = async (held: Partial<Dataset["splits"]>) =>
      (await model.evaluate({ ...data, splits: { ...splits, test: [], ...held } })).notes;
    const noTest = `${at("data")} has no test split;`;
    expect(await notesOf({ val: splits.test })).toEqual([`${noTest} its val images are taken.`]);
    expect(await notesOf({})).toEqual([
      `${noTest} of its 24 images, the 6 that the adapter was not trained on are taken.`,
    ]);
    expect(evaluation.uses).toEqual({ trainedOn: 0, validated: 0, heldOutCorrect: 12, knownBy: "content" });
    const train = await model.evaluate(at("data"), { split: "train", report: at("report.html") });
    expect(train.metrics.examples).toBe(24);
    expect(train.uses).toMatchObject({ trainedOn: 18, validated: 6 });
    const page = await readFile(at("report.html"), "utf8");
    expect(page).toContain("24 images");
    expect(page).toContain('<div class="notice warning"><p>18 of these 24 images were trained on;');
  });

  it.each([
    [{ split: "valid" as "val" }, "ROOT/data has no valid split; it has train, test. Choose one with split."],
    [{ split: "val" }, "ROOT/data has no val split; it has train, test. Choose one with split."],
    [
      { report: "page.txt" },
      "report writes an HTML page and overwrites the file; its name must end in .html, got page.txt.",
    ],
    [{ report: 5 as unknown as string }, "evaluate: report must be a path, got 5."],
  ] as const)("refuses %j", async (options, message) => {
    await using model = await load(at("run"), { engine });
    await expect(model.evaluate(at("data"), options)).rejects.toThrow(
      new InputError(message.replace("ROOT", root)),
    );
  });
});

describe("evaluate", () => {
  it.each([undefined, null, 5])("refuses %j as data", async (data) => {
    await using model = await load(at("run"), { engine });
    await expect(model.evaluate(data as unknown as string)).rejects.toThrow(
      new InputError(`evaluate takes the path of labelled images, or a data set that was read; got ${data}.`),
    );
  });
});

describe("evaluate", () => {
  it("refuses an option that it does not know", async () => {
    await using model = await load(at("run"), { engine });
    const options = { splitt: "test" } as object;
    await expect(model.evaluate(at("data"), options)).rejects.toThrow(
      /^evaluate: there is no option "splitt"\. Known: split, .*\.$/,
    );
  });
});

describe("close", () => {
  it("releases everything where some of it fails, then throws the first failure", async () => {
    const released: string[] = [];
    const failing: typeof engine = {
      ...engine,
      compile: async (graph) => {
        const session = await engine.compile(graph);
        return {
          buffer: (name) => session.buffer(name),
          run: (feeds) => session.run(feeds),
          close: async () => {
            await session.close();
            released.push("session");
            throw new Error(`session ${released.length}`);
          },
        };
      },
    };
    const loaded = await load(at("run"), { engine: failing });
    const model = new LoadedModelClass({
      ...loaded,
      scores: "softmax",
      engine: failing,
      batchSize: 4,
      release: async () => {
        released.push("engine");
        throw new Error("engine");
      },
    });
    const red = at("red.png");
    expect(await firsts(model, red)).toEqual(["red"]);
    await model.evaluate(at("data"));
    await expect(model.close()).rejects.toThrow("session 1");
    expect(released).toEqual(["session", "session", "engine"]);
    await loaded.close();
  });

  it("answers the images of a call that are under way, and refuses its later ones", async () => {
    const model = await load(at("run"), { engine });
    let closing: Promise<void> | undefined;
    const paths = function* () {
      for (let index = 0; index < 8; index++) yield at("red.png");
      closing = model.close();
      for (;;) yield at("blue.png");
    };
    const said: unknown[] = [];
    const reading = (async () => {
      for await (const { labels } of model.predict(paths(), { topK: 1 })) said.push(labels?.[0]?.label);
    })();
    await expect(reading).rejects.toThrow(new InputError("The model is closed. Load it again."));
    expect(said).toEqual(Array.from({ length: 8 }, () => "red"));
    await closing;
  });

  it("waits for running calls, and refuses later ones", async () => {
    const model = await load(at("run"), { engine });
    const evaluating = model.evaluate(at("data"));
    const predicting = firsts(model, at("red.png"));
    await new Promise((done) => setImmediate(done));
    const closing = model.close();
    expect(await predicting).toEqual(["red"]);
    expect((await evaluating).metrics.top1).toBe(100);
    await closing;
    await model.close();
    const closed = new InputError("The model is closed. Load it again.");
    await expect(firsts(model, at("red.png"))).rejects.toThrow(closed);
    await expect(model.evaluate(at("data"))).rejects.toThrow(closed);
  });
});
