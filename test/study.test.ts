import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import type { StudyDoneEvent, StudyEvent, StudyStartEvent } from "../src/study/events.ts";
import { study } from "../src/study/study.ts";
import type { StudyInput } from "../src/study/study-schema.ts";
import { ending, start } from "./run-command.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { writeTinyDataset } from "./tiny-dataset.ts";

const folder = temporaryFolder("study");
const model = fileURLToPath(new URL("../assets/demo/backbone", import.meta.url));
const [data, whole] = [join(folder, "stripes"), join(folder, "whole")];
/** Seven trials: three of the probe, two to choose a rate, two with it. Its state is saved after every step. */
const small: StudyInput = {
  ...{ model, data: [data], imageSize: 32, seeds: 2, reference: "linear" },
  methods: [{ name: "linear", recipe: { epochs: 0 } }, "rlrr"],
  recipe: { epochs: 3, checkpointSeconds: 0 },
  tune: { learningRate: [1e-3, 1e-2] },
};

async function run(out: string, options: { readonly study?: StudyInput; readonly processes?: number } = {}) {
  const events: StudyEvent[] = [];
  for await (const event of study({ out, ...options })) events.push(event);
  const last = events.at(-1);
  if (last?.type !== "study") throw new Error(`ended with ${JSON.stringify(last)}`);
  const [began] = events.filter((event): event is StudyStartEvent => event.type === "start");
  return { last, began, events };
}

/** Two trials: one validates, one tests. */
const one: StudyInput = { ...small, methods: ["rlrr"], tune: {}, seeds: 1, reference: undefined };

/** All that must be the same however a study came about. */
const tableIn = (out: string): string =>
  readFileSync(join(out, "table.md"), "utf8").split("## Time and memory")[0] ?? "";
const linesIn = (out: string): number => {
  const path = join(out, "results.jsonl");
  return existsSync(path) ? readFileSync(path, "utf8").split("\n").length - 1 : 0;
};

/** Starts the study as a program and kills it, its trials amid training, once `lines` results are recorded. */
async function killAfter(out: string, lines: number): Promise<void> {
  const file = join(folder, "study.json");
  writeFileSync(file, JSON.stringify(small));
  const program = start(["study", file, "--out", out, "--processes", "2", "--json"]);
  const ended = ending(program);
  const watch = setInterval(() => {
    const trials = join(out, "trials");
    const hasState =
      existsSync(trials) &&
      readdirSync(trials).some((trial) => existsSync(join(trials, trial, "checkpoint.safetensors")));
    if (linesIn(out) >= lines && hasState) program.kill("SIGKILL");
  }, 20);
  await ended;
  clearInterval(watch);
  expect(program.signalCode).toBe("SIGKILL");
}

describe("a study", { timeout: 300_000 }, () => {
  let expected: StudyDoneEvent;
  beforeAll(async () => {
    await writeTinyDataset(data, { train: 10, val: 4 });
    const { last, began, events } = await run(whole, { study: small, processes: 1 });
    expect(began).toEqual({ type: "start", cells: 2, trials: 7, done: 0, processes: 1, threads: 1 });
    expect(events.filter(({ type }) => type === "trial")).toHaveLength(7);
    expected = last;
  }, 300_000);

  it("has a row per method, with the split and the images of every number", () => {
    expect(expected.rows.map(({ data, method, chosen }) => [data, method, Object.keys(chosen)])).toEqual([
      ["stripes", "linear", []],
      ["stripes", "rlrr", ["learningRate"]],
    ]);
    for (const { test, val, copy, trainImages, missing } of expected.rows) {
      expect(copy.images).toEqual({ train: 24, val: 12, test: 6 });
      expect({ missing, trainImages }).toEqual({ missing: 0, trainImages: 36 });
      expect(test).toMatchObject({ split: "test", epoch: "last", images: 6 });
      expect(test?.seeds).toHaveLength(2);
      expect(val).toMatchObject({ split: "val", epoch: "last", images: 12, std: null });
    }
    const [linear, rlrr] = expected.rows;
    expect(linear?.trainable).toBe(linear?.headTrainable);
    expect(rlrr?.difference?.seeds).toEqual(
      rlrr?.test?.seeds.map((value, index) => value - (linear?.test?.seeds[index] ?? 0)),
    );
    expect(rlrr?.tried.map(({ setting }) => setting)).toEqual([
      { learningRate: 1e-3 },
      { learningRate: 1e-2 },
    ]);
    const highest = Math.max(...(rlrr?.tried.map(({ val }) => val ?? 0) ?? []));
    expect(rlrr?.val?.mean).toBe(highest);
    expect(tableIn(whole)).toContain("Accuracy (test, last epoch)");
  });

  it("keeps nothing of trials that are recorded", () => {
    expect(readdirSync(whole).sort()).toEqual(["results.jsonl", "study.json", "table.html", "table.md"]);
  });

  it("is the same to the last digit when it is killed twice and runs in two processes", async () => {
    const out = join(folder, "killed");
    await killAfter(out, 1);
    const before = linesIn(out);
    await killAfter(out, 3);
    expect(linesIn(out)).toBeGreaterThan(before);
    expect(linesIn(out)).toBeLessThan(7);
    // A kill amid a write leaves half a line.
    writeFileSync(join(out, "results.jsonl"), '{"type":"trial","na', { flag: "a" });
    const { last, began, events } = await run(out, { processes: 2 });
    const far = events.flatMap((event) =>
      event.type === "study-progress" ? Number((event.done + event.running).toFixed(6)) : [],
    );
    // Also while a result is being written.
    expect(far).toEqual(far.toSorted((a, b) => a - b));
    expect(began?.done).toBeGreaterThan(before);
    expect(last).toEqual(expected);
    expect(tableIn(out)).toBe(tableIn(whole));
  });

  it("trains nothing again, and of a larger study only what is new", async () => {
    const again = await run(whole);
    expect(again.began).toMatchObject({ trials: 7, done: 7 });
    expect(again.last).toEqual(expected);
    const larger = await run(whole, {
      study: { ...small, methods: ["rlrr"], seeds: 3, reference: undefined },
    });
    expect(larger.began).toMatchObject({ trials: 5, done: 4 });
    expect(larger.last.rows[0]?.test?.seeds.slice(0, 2)).toEqual(expected.rows[1]?.test?.seeds);
  });

  it("saves what runs when the signal is raised, and says so", async () => {
    const out = join(folder, "stopped");
    const stop = new AbortController();
    const types: string[] = [];
    const asked = { ...one, seeds: 2 };
    for await (const event of study({ study: asked, out, processes: 2, signal: stop.signal })) {
      types.push(event.type);
      if (event.type === "trial") stop.abort();
    }
    expect(types.at(-1)).toBe("stopped");
    expect(tableIn(out)).toMatch(/Not finished: \d trials? on test images to go\./);
    const { last } = await run(out, { processes: 2 });
    expect(last.rows[0]).toMatchObject({ missing: 0, test: { images: 6 } });
  });

  it("reads test images after every epoch where it is asked to, and says so loudly", async () => {
    const out = join(folder, "on-test");
    const { last } = await run(out, {
      study: { ...one, select: "test" },
    });
    const [row] = last.rows;
    expect(row?.test).toMatchObject({ split: "test", epoch: "best", images: 6 });
    expect(row?.testLast).toMatchObject({ split: "test", epoch: "last", images: 6 });
    expect(row?.test?.mean).toBeGreaterThanOrEqual(row?.testLast?.mean ?? 100);
    expect(tableIn(out)).toContain("The epochs are CHOSEN ON TEST IMAGES");
    expect(tableIn(out)).toContain("Accuracy (test, BEST EPOCH ON TEST)");
  });

  it("goes on with other trials where one diverges", async () => {
    const out = join(folder, "diverged");
    const { last } = await run(out, {
      study: { ...one, tune: { learningRate: [1e20, 1e-3] } },
    });
    expect(last.rows[0]).toMatchObject({ chosen: { learningRate: 1e-3 }, diverged: 0, missing: 0 });
    expect(last.rows[0]?.tried[0]).toEqual({ setting: { learningRate: 1e20 }, val: null });
  });

  it("refuses a folder of something else before it reads anything", async () => {
    const out = join(folder, "other");
    mkdirSync(out);
    writeFileSync(join(out, "thesis.txt"), "");
    await expect(run(out, { study: small })).rejects.toThrow(
      `${out} is not empty and holds no study. Name a new folder with out.`,
    );
  });
});
