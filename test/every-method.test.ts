/** What must hold for every method of the list, so that a new one proves it by its line there. */

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { readAdapter } from "../src/adapter/adapter-file.ts";
import { mergeAdapter } from "../src/adapter/merge.ts";
import { openEngine } from "../src/engine/open-engine.ts";
import { InputError } from "../src/errors.ts";
import { exportModel } from "../src/export/export-model.ts";
import { methods } from "../src/methods/methods.ts";
import type { Model } from "../src/model/model.ts";
import type { RunOptions } from "../src/runs/open-run.ts";
import { countCorrect } from "../src/train/step.ts";
import { logitsOf } from "./logits-of.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { adaptationOf, countOf, vitB16 } from "./tiny-methods.ts";
import { collectEvents, only, resultsOf, tinyTraining } from "./tiny-training.ts";

const root = temporaryFolder("every-method");
const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());
const common = await tinyTraining(root, engine);
const { val } = common.dataset.splits;

/** Two epochs of three steps, each of two runs of the graph; everything random is on. */
const optionsOf = (method: string, consistency: number): Omit<RunOptions, "out"> => ({
  ...common,
  method: { name: method },
  recipe: {
    epochs: 2,
    batchSize: 8,
    microBatchSize: 5,
    warmupEpochs: 0,
    dropout: 0.1,
    consistency,
    checkpointSeconds: 0,
  },
});

// The others train the head alone, or norms, which consistency does not act on.
const adding = methods.filter(({ name }) => !["linear", "norm"].includes(name));
const cases = [
  ...methods.map((method) => [method.name, 0, method] as const),
  ...adding.map((method) => [method.name, 0.5, method] as const),
];

describe.each(cases)("%s with a consistency of %d", (name, consistency, { unmergeable }) => {
  const options = optionsOf(name, consistency);
  const out = join(root, `${name} ${consistency}`);

  it("trains, and comes to the same files after a stop amid the run", async () => {
    await collectEvents({ ...options, out });
    const stopped = `${out} stopped`;
    const controller = new AbortController();
    const events = await collectEvents({ ...options, out: stopped, signal: controller.signal }, (event) => {
      if (event.type === "step" && event.step === 2) controller.abort();
    });
    expect(events.at(-1)?.type).toBe("stopped");
    const rest = await collectEvents({ ...options, out: stopped, resume: true });
    const [start] = only(rest, "start");
    expect(start?.resumedAt).toBeGreaterThanOrEqual(2);
    expect(start?.resumedAt).toBeLessThan(6);
    expect(resultsOf(stopped)).toEqual(resultsOf(out));
  });

  it("answers from its file as it did when it was validated", async () => {
    const adapter = await readAdapter(out);
    expect(adapter.method.name).toBe(name);
    const logits = await logitsOf(val, { ...common, adapter });
    const labels = Int32Array.from(val, ({ label }) => label);
    const correct = countCorrect(logits, { labels, count: val.length }, 3);
    expect((100 * correct) / val.length).toBe(adapter.training.validationTop1);
  });

  it("leaves as an ONNX file with the same logits", async () => {
    const out = join(root, `${name} ${consistency} onnx`);
    const data = common.dataset.root;
    const { files } = await exportModel(join(root, `${name} ${consistency}`), out, {
      ...{ to: "onnx", model: common.model, engine, threads: 1, data, split: "val" },
    });
    expect(files.map(({ file, proof }) => [file, proof.images, proof.agreeing])).toEqual([
      ["model.onnx", val.length, val.length],
    ]);
    expect(files[0]?.proof.difference).toBeLessThan(1e-4);
  });

  it(
    unmergeable ? "refuses to merge, and says why" : "merges into a plain model with the same logits",
    async () => {
      const adapter = await readAdapter(out);
      const merging = mergeAdapter(common.model, adapter, engine);
      if (unmergeable)
        return expect(merging).rejects.toThrow(
          new InputError(`An adapter of method ${name} cannot be merged: ${unmergeable}.`),
        );
      const merged: Model = {
        ...common.model,
        config: adapter.config,
        labels: adapter.labels,
        weights: await merging,
      };
      expect(await logitsOf(val, { ...common, model: merged })).toBeCloseToTensor(
        await logitsOf(val, { ...common, adapter }),
        {
          relative: 1e-5,
        },
      );
    },
  );
});

describe("every method", () => {
  it("refuses consistency where nothing but the head trains", async () => {
    await expect(collectEvents({ ...optionsOf("linear", 0.5), out: join(root, "none") })).rejects.toThrow(
      new InputError(
        "consistency acts on what a method adds to the backbone, and this method trains the head alone. Choose another method.",
      ),
    );
  });

  it("is merged but for those that act on activations alone", () => {
    expect(methods.flatMap(({ name, unmergeable }) => (unmergeable ? [name] : []))).toEqual([
      ...["vpt-deep", "adaptformer"],
      ...["vpt-shallow", "adapter", "convpass", "adapter-plus"],
    ]);
  });

  // Of single methods only these know: what peft has a form for, sums that stay in the method's own form, the paper's
  // ablations of RLRR, and the demo's list; a Swin has a norm of that name, and a container that of the program.
  const naming =
    /^(adapter\/peft-adapter|model\/swin-parts|study\/emit|combine\/exact-rules|combine\/combine-adapters|study\/presets|cli\/demo)\.ts$/;

  it("is named in its own folder, and elsewhere only where it is the matter", () => {
    const src = fileURLToPath(new URL("../src", import.meta.url));
    const files = readdirSync(src, { recursive: true, encoding: "utf8" })
      .map((path) => path.replaceAll("\\", "/"))
      .filter((path) => /\.ts$/.test(path) && !/\.test\.ts$|^methods\//.test(path) && !naming.test(path));
    expect(files.length).toBeGreaterThan(100);
    // `linear` is an op, a kind of site and a schedule as well, `rlrr` the program, `bias` and `norm` parts of a model, and
    // `adapter` what training writes: those count where a method is meant
    const shared = ["linear", "rlrr", "bias", "norm", "adapter"];
    const others = methods.map(({ name }) => name).filter((name) => !shared.includes(name));
    const meant = `(method\\b.{0,20}|name: |default\\()"(${shared.join("|")})"`;
    const literal = new RegExp(`"(${others.join("|")})"|${meant}`);
    const found = files.flatMap((path) =>
      readFileSync(join(src, path), "utf8")
        .split("\n")
        .flatMap((line) => (literal.test(line) ? [`${path}: ${line.trim()}`] : [])),
    );
    expect(found).toEqual([]);
  });

  it.each(methods)(
    "stands in the table of docs/methods.md: $name",
    ({ name, learningRate, recipe, unmergeable }) => {
      const page = readFileSync(fileURLToPath(new URL("../docs/methods.md", import.meta.url)), "utf8");
      // the first table that has a row of the method
      const row = page.split("\n").find((line) => line.startsWith(`| \`${name}\` |`)) ?? "";
      const cells = row.split("|").map((cell) => cell.trim());
      const count = countOf(adaptationOf(name), vitB16).toLocaleString("en");
      // that of the default recipe beside it, where it is another
      const rates = [learningRate, recipe?.learningRate].flatMap((rate) => rate?.toExponential() ?? []);
      expect(cells.slice(-4, -1)).toEqual([unmergeable ? "no" : "yes", count, rates.join("; ")]);
    },
  );
});
