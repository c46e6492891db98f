import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { Session } from "node:inspector/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { type FuzzCase, makeInput, placeIn } from "../scripts/fuzz/fuzz-case.ts";
import { childProcesses, type Outcome, runCase } from "../scripts/fuzz/run-case.ts";
import { runCases } from "../scripts/fuzz/run-cases.ts";
import { tasksOf } from "../scripts/fuzz/shares.ts";
import { cases, needsNone } from "../scripts/fuzz/table.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const folder = temporaryFolder("fuzz");
const placeOf = ({ name }: FuzzCase) => placeIn(mkdtempSync(join(folder, `${name}-`)));
const src = fileURLToPath(new URL("../src/", import.meta.url));

/** Functions that are exported and called as readers are: `formats/zip-directory.ts openZip`. */
const readers = readdirSync(src, { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts"))
  .flatMap((path) => exportsIn(readFileSync(join(src, path), "utf8")).map((name) => `${path} ${name}`));

function exportsIn(source: string): string[] {
  const verbs = "read|parse|decode|detect|list|open|see|sniff|find|locate|fetch|look|load|take";
  const pattern = new RegExp(
    `^export (?:async )?(?:function\\*?|const) ((?:${verbs})[A-Z]\\w*)(?:[(<]| = (?:async )?[(<])`,
    "gm",
  );
  return [...source.matchAll(pattern)].map(([, name = ""]) => name);
}

/** Names of the functions of `src` that have been called, as in `readers`. */
async function calledIn(work: () => Promise<void>): Promise<ReadonlySet<string>> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: false });
  await work();
  const { result } = await session.post("Profiler.takePreciseCoverage");
  session.disconnect();
  return new Set(
    result.flatMap(({ url, functions }) => {
      const [, path] = /\/src\/(.*)$/.exec(url) ?? [];
      const called = functions.filter(({ ranges }) => ranges.some(({ count }) => count > 0));
      return path === undefined ? [] : called.map(({ functionName }) => `${path} ${functionName}`);
    }),
  );
}

const render = ({ failures }: Outcome): string[] =>
  failures.map(({ name, seed, what }) => `${name}, seed ${seed}: ${what}`);

describe("the table of readers", () => {
  it("knows every export that reads, or why it needs no case", () => {
    const known = new Set([
      ...cases.flatMap(({ readers: own, inImageProcess = [] }) => [...own, ...inImageProcess]),
      ...Object.keys(needsNone),
    ]);
    // One that is missing here needs a case in scripts/fuzz, or a reason in scripts/fuzz/table.ts.
    expect(readers.filter((reader) => !known.has(reader))).toEqual([]);
    expect(Object.keys(needsNone).filter((reader) => !readers.includes(reader))).toEqual([]);
    expect(readers.length).toBeGreaterThan(60);
  });

  it("sees exports of every form, and takes no list of names for a reader", () => {
    const source = `export async function readA(\nexport const parseB = (\nexport function* listC<T>(
export const openD = async (\nexport const readableEndings = [\nexport function reader(\nfunction readE(`;
    expect(exportsIn(source)).toEqual(["readA", "parseB", "listC", "openD"]);
  });

  it("gives each case a name of its own", () => {
    expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  });
});

describe("every reader", () => {
  const baseline = childProcesses().length;

  it("meets 20,000 damaged inputs with an error of ours at most, and is reached by its case", async () => {
    const tasks = tasksOf(cases, { seed: 1, count: 20_000 });
    const outcomes: Outcome[] = [];
    const unreached: string[] = [];
    for (const one of cases) {
      const place = placeOf(one);
      const called = await calledIn(async () => {
        for (const { seed, count } of tasks.filter(({ name }) => name === one.name))
          outcomes.push(await runCase(one, { seed, count, place }));
        for (const sound of await one.corpus(place))
          await Promise.resolve(one.run(Buffer.from(sound), place)).catch(() => {});
      });
      unreached.push(
        ...one.readers.filter((reader) => !called.has(reader)).map((reader) => `${one.name}: ${reader}`),
      );
    }
    for (const { close } of cases) await close?.();
    expect(outcomes.flatMap(render)).toEqual([]);
    expect(unreached).toEqual([]);
    expect(outcomes.reduce((sum, { inputs }) => sum + inputs, 0)).toBeGreaterThanOrEqual(20_000);
  });

  it("leaves no process behind", async () => {
    // The one that all of them share ends when it has been idle for five seconds.
    await expect.poll(() => childProcesses().length - baseline, { timeout: 30_000, interval: 200 }).toBe(0);
  });
});

describe("an input", () => {
  it("is made of its case's name and its seed alone", async () => {
    for (const one of cases.filter(({ share }) => share >= 2)) {
      const corpus = await one.corpus(placeOf(one));
      const inputs = Array.from({ length: 20 }, (_, seed) => makeInput(one, { seed, corpus }));
      expect(Array.from({ length: 20 }, (_, seed) => makeInput(one, { seed, corpus }))).toEqual(inputs);
      expect(
        new Set(inputs.map((input) => Buffer.from(input).toString("latin1"))).size,
        one.name,
      ).toBeGreaterThan(8);
    }
  });
});

describe("runCases", () => {
  it("tells the seed of what throws, is slow, leaks, hangs or crashes, and goes on", async () => {
    const tasks = ["sound", "foreign", "slow", "leak", "hang", "crash", "child", "sound"].map((name) => ({
      name,
      seed: 7,
      count: name === "leak" ? 60 : name === "sound" ? 3 : 1,
    }));
    const table = new URL("fuzz-faults.ts", import.meta.url);
    const outcomes = await runCases({ table, tasks, hangSeconds: 4 });
    const found = Object.fromEntries(
      outcomes.flatMap(({ failures }) => failures).map(({ name, seed, what }) => [name, [seed, what]]),
    );
    expect(found).toEqual({
      foreign: [7, expect.stringMatching(/^TypeError: not ours\n/)],
      slow: [7, expect.stringMatching(/^it took \d+\.\d s, 2\.\d s of them computing$/)],
      leak: [7, expect.stringMatching(/^memory grew by (2\d|3\d) MiB over 60 inputs$/)],
      hang: [7, expect.stringMatching(/^it hangs: nothing after [45] s of computing, \d+ s in all$/)],
      crash: [7, "the process ended with SIGSEGV"],
      all: [0, "1 processes are left behind"],
    });
    expect(
      outcomes.filter(({ name }) => name === "sound").map(({ inputs, refused }) => [inputs, refused]),
    ).toEqual([
      [3, 3],
      [3, 3],
    ]);
  });
});
