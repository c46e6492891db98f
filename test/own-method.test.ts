/** A method of a user's own: in the library, on the command line, and in what both leave on disk. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import bitfit from "../examples/04-own-method.ts";
import { readAdapter } from "../src/adapter/adapter-file.ts";
import { mergeAdapter } from "../src/adapter/merge.ts";
import { openEngine } from "../src/engine/open-engine.ts";
import { FileError, InputError } from "../src/errors.ts";
import { defineMethod, z } from "../src/index.ts";
import { loadMethodFile } from "../src/methods/load-method.ts";
import { writeModel } from "../src/model/write-model.ts";
import { countCorrect } from "../src/train/step.ts";
import { logitsOf } from "./logits-of.ts";
import { ending, start } from "./run-command.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { collectEvents, only, resultsOf, tinyTraining } from "./tiny-training.ts";

const root = temporaryFolder("own-method");
const engine = await openEngine({ threads: 1 });
afterAll(() => engine.close());
const example = fileURLToPath(new URL("../examples/04-own-method.ts", import.meta.url));
const common = await tinyTraining(root, engine);
const options = {
  ...common,
  method: { name: bitfit, options: { kinds: ["linear"] } },
  recipe: { ...common.recipe, epochs: 2, checkpointSeconds: 0 },
};
const out = join(root, "whole");
const events = await collectEvents({ ...options, out });

describe("a method of a user's own", () => {
  it("trains what it says", () => {
    // two blocks of q, k, v, o and fc2 of 16 and fc1 of 32; head 51
    expect(only(events, "start")[0]).toMatchObject({ method: "bitfit", trainable: 2 * 112 + 51 });
  });

  it("resumes where it was stopped, to the same files", async () => {
    const stopped = join(root, "stopped");
    const controller = new AbortController();
    await collectEvents({ ...options, out: stopped, signal: controller.signal }, (event) => {
      if (event.type === "step" && event.step === 2) controller.abort();
    });
    const rest = await collectEvents({ ...options, out: stopped, resume: true });
    expect(only(rest, "start")[0]?.resumedAt).toBeGreaterThanOrEqual(2);
    expect(resultsOf(stopped)).toEqual(resultsOf(out));
  });

  it("predicts from its file and merges, where it is known", async () => {
    const adapter = await readAdapter(out, { methods: [bitfit] });
    expect(adapter).toMatchObject({
      method: { name: "bitfit", options: { kinds: ["linear"] } },
      ownMethod: bitfit,
    });
    const { val } = common.dataset.splits;
    const logits = await logitsOf(val, { ...common, adapter, engine });
    const labels = Int32Array.from(val, ({ label }) => label);
    const correct = countCorrect(logits, { labels, count: val.length }, 3);
    expect((100 * correct) / val.length).toBe(adapter.training.validationTop1);

    const weights = await mergeAdapter(common.model, adapter, engine);
    const merged = { ...common.model, config: adapter.config, labels: [...adapter.labels], weights };
    expect(await logitsOf(val, { ...common, model: merged, engine })).toBeCloseToTensor(logits, {
      relative: 1e-5,
    });
  });

  it("is asked for where it is not known, and its code is never looked for", async () => {
    const where = join(out, "adapter", "rlrr_adapter.json");
    await expect(readAdapter(out)).rejects.toThrow(
      new InputError(
        `${where}: it was trained with method "bitfit", which is not part of rlrr. Say where it is defined, with method.`,
      ),
    );
    const other = defineMethod({ ...bitfit, name: "other", options: z.strictObject({}) });
    await expect(readAdapter(out, { methods: [other] })).rejects.toThrow(
      new InputError(
        `${where}: it was trained with method "bitfit", which is not part of rlrr. method defines "other"; give the one that defines "bitfit".`,
      ),
    );
  });

  it("does not read tensors that it did not train", async () => {
    const fewer = { ...bitfit, create: () => ({ trainables: () => [] }) };
    await expect(readAdapter(out, { methods: [fewer] })).rejects.toThrow(FileError);
  });
});

/** What a run of the program says, and its exit code. */
const run = async (...args: string[]) => {
  const { code, stdout, stderr } = await ending(start(args, root));
  return { code, stdout, stderr };
};

describe("--method with a file", () => {
  const written = (name: string, source: string) => {
    writeFileSync(join(root, name), source);
    return name;
  };
  const plain = 'import { defineMethod, z } from "rlrr";\nexport default defineMethod';
  const body = `summary: "trains the head", learningRate: 0.01, options: z.strictObject({}), create: () => ({ trainables: () => [] })`;

  it("counts and trains with the method that it defines", async () => {
    const counted = await run("inspect", "vit-b16", "--method", example, "--json");
    // 12 blocks of 4 · 768 (q, k, v, o), 3072 (fc1), 768 (fc2) and two norms; the last norm
    const trainable = 12 * (4 * 768 + 3072 + 768 + 2 * 768) + 768;
    expect(JSON.parse(counted.stdout)).toMatchObject({ method: "bitfit", trainable });
  });

  it("trains, stops short of predicting without the file, and resumes", async () => {
    await writeModel(join(root, "base"), { ...common.model, preprocessing: common.preprocessing });
    const flags = ["--model", "base", "--data", "data", "--out", "cli", "--epochs", "1", "--method", example];
    expect(await run("train", ...flags)).toMatchObject({ code: 0 });
    expect(JSON.parse(readFileSync(join(root, "cli/adapter/rlrr_adapter.json"), "utf8"))).toMatchObject({
      method: { name: "bitfit", options: { kinds: ["linear", "norm"] } },
      training: { learningRate: 1e-2 },
    });
    expect(await run("train", ...flags, "--resume")).toMatchObject({ code: 0 });
    const { code, stderr } = await run("predict", "--adapter", "cli", "data/val/rows/0.png");
    expect(stderr).toBe(
      `error: ${join("cli", "adapter", "rlrr_adapter.json")}: it was trained with method "bitfit", which is not part of rlrr. Say where it is defined, with --method.\n`,
    );
    expect(code).toBe(2);
  });

  it.each([
    ["own.mjs", `${plain}({ name: "own", ${body} });`],
    ["own.js", `${plain}({ name: "own", ${body} });`],
    ["own.ts", `${plain}({ name: "own" as string, ${body} });`],
  ])("reads %s from a folder that knows nothing of rlrr", async (name, source) => {
    const { stdout, stderr } = await run("inspect", "vit-b16", "--method", written(name, source), "--json");
    expect(stderr).toBe("");
    expect(JSON.parse(stdout)).toMatchObject({ method: "own", trainable: 0 });
  });

  it.each([
    ["none.ts", undefined, "none.ts: there is no such file."],
    [
      "taken.mjs",
      `${plain}({ name: "lora", ${body} });`,
      'taken.mjs: its method is called "lora", as one that is part of rlrr. Give it another name.',
    ],
    [
      "empty.mjs",
      "export const method = 1;",
      'empty.mjs: its default export must be a method, made with defineMethod of "rlrr"; it is nothing.',
    ],
    [
      "nameless.mjs",
      `${plain}({ name: "Has Blanks", ${body} });`,
      'nameless.mjs: its default export must be a method, made with defineMethod of "rlrr"; its name is "Has Blanks". A name is lower-case letters, digits and hyphens.',
    ],
    [
      "createless.mjs",
      'export default { name: "own", summary: "trains", learningRate: 1, options: { shape: {}, safeParse() {} } };',
      'createless.mjs: its default export must be a method, made with defineMethod of "rlrr"; its create is nothing.',
    ],
    ["thrown.mjs", 'throw new Error("not today");', "thrown.mjs: it cannot be run: not today"],
  ])("refuses %s", async (name, source, message) => {
    if (source !== undefined) written(name, source);
    const { code, stderr } = await run("inspect", "vit-b16", "--method", name);
    expect(stderr).toBe(`error: ${message}\n`);
    expect(code).toBe(2);
  });
});

describe("loadMethodFile", () => {
  it("gives the default export", async () => {
    expect(await loadMethodFile(example)).toBe(bitfit);
  });

  it("is never called for what an adapter names", () => {
    const source = readFileSync(
      fileURLToPath(new URL("../src/adapter/adapter-file.ts", import.meta.url)),
      "utf8",
    );
    expect(source).not.toMatch(/\bimport\(|load-method/);
  });
});
