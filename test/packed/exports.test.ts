/** Exports of the installed package in the runtimes that they are for: transformers.js in Node, a packed page in Chromium. */

import { spawnSync } from "node:child_process";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../temporary-folder.ts";
import { type Ended, pack, runNode, runNpm, succeed } from "./installed.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const demo = join(root, "assets/demo/data");
const images = ["L/0000", "H/0001", "O/0002"].map((name) => join(demo, "test", `${name}.jpg`));
const folder = temporaryFolder("packed-exports");
const project = join(folder, "project");
/** For the page alone: transformers.js draws on a canvas in browsers. */
const transparent = join(folder, "transparent.png");
const run = (...args: readonly string[]) => runNode(args, { cwd: project });
const rlrr = (...args: readonly string[]) => run(join("node_modules", "rlrr", "bin", "rlrr.mjs"), ...args);

/** A browser of the system; it is nobody's dependency. */
const browser = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
  .map((name) => spawnSync("sh", ["-c", `command -v ${name}`], { encoding: "utf8" }).stdout?.trim())
  .find(Boolean);

interface Scored {
  readonly label: string;
  readonly score: number;
}
let expected: readonly (readonly Scored[])[] = [];

const listsOf = ({ output }: Ended): (readonly Scored[])[] =>
  output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));

/** The same labels in the same order, with probabilities this close. */
function expectEqual(lists: readonly (readonly Scored[])[], digits: number): void {
  expect(lists.map((list) => list.map(({ label }) => label))).toEqual(
    expected.slice(0, lists.length).map((list) => list.map(({ label }) => label)),
  );
  for (const [image, list] of lists.entries())
    for (const [place, { score }] of list.entries())
      expect(score).toBeCloseTo(expected[image]?.[place]?.score ?? Number.NaN, digits);
}

/** Colours under a transparency of every strength; browsers lose them where they draw on a canvas. */
async function writeTransparent(from: string, to: string): Promise<void> {
  const { data, info } = await sharp(from).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
  for (let at = 3; at < data.length; at += 4) data[at] = Math.floor(at / 4) % 256;
  const { width, height } = info;
  await sharp(data, { raw: { width, height, channels: 4 } })
    .png()
    .toFile(to);
}

beforeAll(async () => {
  const tarball = await pack(folder);
  cpSync(join(root, "test/packed/exports"), project, { recursive: true });
  const quiet = ["--no-audit", "--no-fund", "--prefer-offline"];
  succeed(await runNpm(["install", "--ignore-scripts", ...quiet, tarball], project));
  const model = join("node_modules", "rlrr", "assets/demo/backbone");
  const flags = ["--data", demo, "--epochs", "0", "--threads", "1", "--out", "run"];
  succeed(await rlrr("train", "--model", model, ...flags));
  await writeTransparent(images[0] ?? "", transparent);
  const all = [...images, transparent];
  const answers = succeed(await rlrr("predict", "--adapter", "run", "--json", "--top-k", "5", ...all));
  expected = answers.output
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line).labels)
    .map((labels: { label: string; probability: number }[]) =>
      labels.map(({ label, probability }) => ({ label, score: probability })),
    );
});

describe("an exported folder", () => {
  it("is classified by transformers.js as by predict", async () => {
    succeed(await rlrr("export", "run", "--to", "transformers.js", "--accept-loss", "--out", "models/demo"));
    expectEqual(listsOf(succeed(await run("pipeline.mjs", "models", "demo", "default", ...images))), 4);
    const half = listsOf(succeed(await run("pipeline.mjs", "models", "demo", "fp16", ...images)));
    expect(half).toHaveLength(images.length);
    expect(half.map(([best]) => best?.label)).toEqual(
      expected.slice(0, images.length).map(([best]) => best?.label),
    );
  });
});

const inChromium = "is classified by transformers.js in Chromium";
describe("an exported folder in a browser", () => {
  it.skipIf(browser === undefined)(browser ? inChromium : `${inChromium} (needs Chromium)`, async () => {
    const found = await run("browser-pipeline.mjs", browser ?? "", "models", "demo", ...images);
    expectEqual(listsOf(succeed(found)), 3);
  });
});

const title = browser ? "classifies as predict does" : "classifies as predict does (needs Chromium)";
describe("a packed page, opened from disk in Chromium without a network", () => {
  it.skipIf(browser === undefined)(title, async () => {
    succeed(await rlrr("pack", "run", "--out", "page.html"));
    const lists = listsOf(succeed(await run("page.mjs", browser ?? "", "page.html", ...images, transparent)));
    const last: unknown = lists.pop();
    expect(last).toEqual({ state: "Ready. Drop images here, or choose some.", requests: [] });
    expectEqual(lists, 4);
  });
});
