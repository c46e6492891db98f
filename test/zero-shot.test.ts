/** From a CLIP without a head to a classifier, and on from there, with the command itself. */

import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { writeSafetensors } from "../src/formats/safetensors.ts";
import { needed } from "../src/needed.ts";
import { writeColours } from "./colour-data.ts";
import { randomNumbers } from "./random-numbers.ts";
import { runHere } from "./run-command.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { writeZeroShotCase, zeroShotGolden } from "./zero-shot-cases.ts";

const root = temporaryFolder("zero-shot-command");
const at = (...names: string[]) => join(root, ...names);
const rlrr = async (...words: string[]) => {
  const { code, stdout, stderr } = await runHere(...words.map((word) => word.replace("ROOT", root)));
  return { code, stdout: stdout.replaceAll(root, "ROOT"), stderr: stderr.replaceAll(root, "ROOT") };
};
const split = (line: string) => line.split(" ");
const eventsOf = (stdout: string) =>
  stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
const lastOf = (stdout: string) => eventsOf(stdout).at(-1);

beforeAll(async () => {
  const [clip, siglip] = zeroShotGolden.cases;
  await writeZeroShotCase(needed(clip, "CLIP"), at("clip"));
  await writeZeroShotCase(needed(siglip, "SigLIP"), at("siglip"));
  await writeColours(at("photos"), { train: 6, val: 3 });
});

describe("a classifier without training", () => {
  it("is made of prompts, evaluated, trained further and merged", async () => {
    const made = await rlrr(...split("zero-shot --model ROOT/clip --data ROOT/photos --out ROOT/made"));
    expect(
      made.stdout,
    ).toBe(`ROOT/made is a classifier of 3 classes, from 3 prompts, such as "a photo of a blue." for blue. Its logits are cosines times 0.6065.
See how good it is: rlrr evaluate --model ROOT/made --data DATA
Train from there:   rlrr train --model ROOT/made --data DATA --start head --out RUN
`);
    expect(made.code).toBe(0);
    const shown = await rlrr(...split("inspect ROOT/made --json"));
    expect(lastOf(shown.stdout)).toMatchObject({ layout: "rlrr", config: { projection: 12, classes: 3 } });
    const before = await rlrr(
      ...split("evaluate --model ROOT/made --data ROOT/photos --split val --threads 1 --json"),
    );
    const { top1 } = lastOf(before.stdout);
    const run = await rlrr(
      ...split(
        "train --model ROOT/made --data ROOT/photos --start head --epochs 2 --out ROOT/run --threads 1 --json",
      ),
    );
    const events = eventsOf(run.stdout);
    const start = events.find(({ type }) => type === "probe");
    expect(start.valTop1).toBeCloseTo(top1, 9);
    expect(start).not.toHaveProperty("penalty");
    expect(events.at(-1)).toMatchObject({ type: "done", ownHead: true });
    expect(events.at(-1).valTop1).toBeGreaterThanOrEqual(top1);
    const merged = await rlrr(...split("merge --adapter ROOT/run --out ROOT/merged --threads 1"));
    expect(merged.code).toBe(0);
    const after = await rlrr(
      ...split("evaluate --model ROOT/merged --data ROOT/photos --split val --threads 1 --json"),
    );
    expect(lastOf(after.stdout).top1).toBeCloseTo(events.at(-1).valTop1, 9);
  });

  it("is cross-validated from the model's own head too", async () => {
    const run = await rlrr(
      ...split(
        "train --model ROOT/made --data ROOT/photos/train --start head --epochs 1 --folds 2 --out ROOT/folds --threads 1 --json",
      ),
    );
    const events = eventsOf(run.stdout);
    expect(events.filter(({ type }) => type === "fold")).toHaveLength(2);
    const folds = events.filter(({ type }) => type === "fold");
    const mean = folds.reduce((sum, { probeTop1, examples }) => sum + probeTop1 * examples, 0) / 18;
    expect(events.find(({ type }) => type === "probe").valTop1).toBeCloseTo(mean, 9);
  });

  it("takes prompts of each class, and features from a file", async () => {
    writeFileSync(
      at("prompts.json"),
      JSON.stringify({ red: "red", green: ["green", "a photo"], blue: ["blue"], cyan: "cyan" }),
    );
    const own = ["--model", "ROOT/siglip", "--classes", "red,green,blue", "--threads", "1", "--json"];
    const made = await rlrr("zero-shot", ...own, "--prompts", "ROOT/prompts.json", "--out", "ROOT/own");
    expect(lastOf(made.stdout)).toMatchObject({
      ...{ type: "zero-shot", classes: ["red", "green", "blue"] },
      prompts: [["red"], ["green", "a photo"], ["blue"]],
    });
    expect(made.stderr).toContain(
      'ROOT/prompts.json has prompts of a class "cyan", which is not wanted here.',
    );
    const data = Float32Array.from(randomNumbers(3 * 24, { seed: 5 }));
    await writeSafetensors(at("text.safetensors"), new Map([["text", { shape: [3, 24], data }]]));
    const given = await rlrr(
      "zero-shot",
      ...own,
      "--text-features",
      "ROOT/text.safetensors",
      "--out",
      "ROOT/given",
    );
    expect(lastOf(given.stdout)).not.toHaveProperty("prompts");
    expect(given.code).toBe(0);
    data.fill(0, 24, 48);
    await writeSafetensors(at("zeros.safetensors"), new Map([["text", { shape: [3, 24], data }]]));
    const zeros = await rlrr(
      "zero-shot",
      ...own,
      "--text-features",
      "ROOT/zeros.safetensors",
      "--out",
      "ROOT/z",
    );
    expect(zeros.stderr).toContain(
      'ROOT/zeros.safetensors: row 1 of tensor "text", counted from 0, is zeros',
    );
    expect(JSON.parse(readFileSync(at("given", "config.json"), "utf8")).backbone).toMatchObject({
      ...{ unitFeature: true, pool: "attention", classes: 3 },
    });
  });

  it.each([
    [
      "a model without a text tower",
      ["--model", "ROOT/made", "--classes", "a,b"],
      "has a head for 3 classes",
    ],
    ["no class", ["--model", "ROOT/clip"], "Give --classes or --data: the names of the classes"],
    [
      "one class",
      ["--model", "ROOT/clip", "--classes", "cat"],
      "--classes must be 2 to 100000 names, got 1.",
    ],
    ["a class twice", ["--model", "ROOT/clip", "--classes", "cat,cat"], '--classes has "cat" twice.'],
    [
      "a template without a place",
      ["--model", "ROOT/clip", "--classes", "a,b", "--template", "a photo"],
      '--template must hold {}, which stands for the name of the class, got "a photo".',
    ],
    [
      "two ways",
      ["--model", "ROOT/clip", "--classes", "a,b", "--template", "{}", "--prompts", "p.json"],
      "--template and --prompts say twice what stands for a class; give one of them.",
    ],
    [
      "a prompt that is too long",
      ["--model", "ROOT/clip", "--classes", `a,${"x".repeat(80)}`],
      "tokens; this text tower reads 60. Shorten it.",
    ],
    [
      "missing prompts",
      ["--model", "ROOT/clip", "--classes", "red,pink", "--prompts", "ROOT/prompts.json"],
      'ROOT/prompts.json: it has no prompt for the class "pink".',
    ],
    [
      "another model's features",
      ["--model", "ROOT/clip", "--classes", "a,b,c", "--text-features", "ROOT/text.safetensors"],
      'ROOT/text.safetensors: tensor "text" has shape [3, 24]; 3 classes in this model\'s space of images and texts are [3, 12], a row for each class.',
    ],
    [
      "another model's text tower",
      ["--model", "ROOT/siglip", "--classes", "a,b", "--text-model", "ROOT/clip"],
      "The text tower gives 12 numbers and the image tower 24, so they are of different models.",
    ],
  ] as const)("refuses %s", async (_, words, message) => {
    const { code, stderr } = await rlrr("zero-shot", ...words, "--out", "ROOT/none", "--threads", "1");
    expect(stderr).toContain(message);
    expect(code).toBe(2);
  });

  it("says that numbers tell a text tower nothing", async () => {
    await writeColours(at("numbers"), { train: 2, val: 1 });
    for (const [name, number] of Object.entries({ red: "0", green: "1", blue: "2" }))
      for (const split of ["train", "val"])
        renameSync(at("numbers", split, name), at("numbers", split, number));
    const words = ["--model", "ROOT/clip", "--data", "ROOT/numbers", "--threads", "1"];
    const made = await rlrr("zero-shot", ...words, "--out", "ROOT/numbered");
    expect(made.stderr).toContain("The data has numbers for classes, such as 2, so prompts do not say");
    writeFileSync(at("numbers.json"), JSON.stringify({ 0: "red", 1: "green", 2: "blue" }));
    const { stderr } = await rlrr(
      "zero-shot",
      ...words,
      "--prompts",
      "ROOT/numbers.json",
      "--out",
      "ROOT/told",
    );
    expect(stderr).toContain("rlrr alone reads it");
    expect(stderr).not.toContain("The data has numbers for classes");
  });

  it("trains the head alone in steps, and refuses a second start before any image is read", async () => {
    const words = ["--model", "ROOT/made", "--data", "ROOT/photos", "--start", "head", "--threads", "1"];
    const run = await rlrr("train", ...words, "--method", "linear", "--out", "ROOT/linear", "--json");
    expect(run.code).toBe(0);
    expect(lastOf(run.stdout)).toMatchObject({ type: "done", ownHead: true });
    const other = await rlrr("train", ...words, "--continue-from", "ROOT/run", "--out", "ROOT/none");
    expect(other).toEqual({
      ...{ code: 2, stdout: "" },
      stderr:
        "error: --start head begins with the model's own head, --continue-from with the adapter's; give one of them.\n",
    });
  });

  it("says what the head lacks that training is to start from", async () => {
    const words = ["--data", "ROOT/photos", "--start", "head", "--out", "ROOT/none", "--threads", "1"];
    const headless = await rlrr("train", "--model", "ROOT/clip", ...words);
    expect(headless.stderr).toContain(
      "--start head: clip has no head to start from. Of a CLIP or SigLIP, rlrr zero-shot makes one",
    );
    await rlrr(...split("zero-shot --model ROOT/clip --classes red,cyan --out ROOT/two --threads 1"));
    const other = await rlrr("train", "--model", "ROOT/two", ...words);
    expect(other.stderr).toContain(
      '--start head: the head of two has no row for 2 of 3 classes, such as "blue"; it has 2: "red", "cyan".',
    );
    expect(other.code).toBe(2);
  });
});
