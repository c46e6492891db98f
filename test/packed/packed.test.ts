import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../temporary-folder.ts";
import { pack, runNode, runNpm, succeed } from "./installed.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const demo = join(root, "assets/demo/data");
const image = join(demo, "test/L/0000.jpg");
const folder = temporaryFolder("packed");
/** One installation for all projects: each is a program beside it. */
const projects = join(folder, "projects");
const adapter = join(folder, "run");
/** Where nothing is installed. */
const elsewhere = temporaryFolder("packed-elsewhere");
let tarball = "";
/** What a program in plain ES modules prints. */
let expected = "";

const run = (...args: readonly string[]) => runNode(args, { cwd: projects });
const bin = (name: string) => join(projects, "node_modules", name);
const esbuild = (...flags: readonly string[]) =>
  run(bin("esbuild/bin/esbuild"), "main.ts", "--bundle", "--platform=node", ...flags);
const quiet = ["--no-audit", "--no-fund", "--prefer-offline"];

/** A program has labelled the image as the others, and has ended by itself. */
const answers = async (...args: readonly string[]) =>
  expect(await run(...args, adapter, image)).toEqual({ code: 0, output: expected, errors: "" });

beforeAll(async () => {
  tarball = await pack(folder);
  cpSync(join(root, "test/packed/projects"), projects, { recursive: true });
  succeed(await runNpm(["install", "--ignore-scripts", ...quiet, tarball], projects));
  const data = join(folder, "data");
  for (const [split, count] of Object.entries({ train: 16, val: 4 }))
    for (const letter of ["L", "H"])
      for (let at = 0; at < count; at++) {
        const name = join(split, letter, `${at}`.padStart(4, "0").concat(".jpg"));
        cpSync(join(demo, name), join(data, name));
      }
  const model = bin("rlrr/assets/demo/backbone");
  const flags = ["--model", model, "--data", data, "--out", adapter, "--epochs", "2", "--threads", "1"];
  succeed(await run(bin("rlrr/bin/rlrr.mjs"), "train", ...flags));
  expected = succeed(await run("main.mjs", adapter, image)).output;
});

describe("an installed package", () => {
  it("labels an image from ES modules", () => {
    const { label, probability } = JSON.parse(expected);
    expect(["H", "L"]).toContain(label);
    expect(probability).toBeGreaterThanOrEqual(0.5);
  });

  it("labels an image from CommonJS, also where Node.js cannot require ES modules", async () => {
    await answers("main.cjs");
    const flag = "--no-experimental-require-module";
    if (process.allowedNodeEnvironmentFlags.has("--experimental-require-module"))
      await answers(flag, "main.cjs");
  });

  it("runs its install scripts without a network", async () => {
    const other = join(folder, "scripts");
    mkdirSync(other);
    writeFileSync(join(other, "package.json"), "{}");
    cpSync(join(projects, "main.mjs"), join(other, "main.mjs"));
    const flags = ["install", "--ignore-scripts=false", ...quiet, tarball];
    succeed(await runNpm(flags, other, { ONNXRUNTIME_NODE_INSTALL: "skip" }));
    const ended = await runNode(["main.mjs", adapter, image], { cwd: other });
    expect(ended).toEqual({ code: 0, output: expected, errors: "" });
  });

  it("has types for ES modules and CommonJS", async () => {
    for (const [module, resolution] of [
      ["node16", "node16"],
      ["nodenext", "nodenext"],
      ["preserve", "bundler"],
    ] as const) {
      const flags = ["-p", ".", "--module", module, "--moduleResolution", resolution];
      const ended = await run(bin("typescript/bin/tsc"), ...flags);
      expect(ended, resolution).toEqual({ code: 0, output: "", errors: "" });
    }
    succeed(await run(bin("@arethetypeswrong/cli/dist/index.js"), tarball, "--profile", "node16"));
  });

  it("unpacks the images of its demo", async () => {
    const script = `import { openDemoImages } from ${JSON.stringify(bin("rlrr/dist/cli/demo-images.js"))};
      import { readDataset } from "rlrr/node";
      const folder = await openDemoImages("demo", { make: (_, work) => work() });
      const { splits, classes } = await readDataset(folder);
      console.log(folder, classes.join(""), splits.train.length, splits.val.length, splits.test.length);`;
    writeFileSync(join(projects, "demo.mjs"), script);
    expect(await run("demo.mjs")).toEqual({
      code: 0,
      output: `${join("demo", "images")} DEHLORW 700 70 210\n`,
      errors: "",
    });
  });
});

describe("a bundle", () => {
  it.each([
    ["ES modules", "esm", "mjs"],
    ["CommonJS", "cjs", "cjs"],
  ])("of esbuild in %s labels an image, and elsewhere says what it needs", async (_, format, extension) => {
    const out = `out/esbuild.${extension}`;
    succeed(await esbuild(`--format=${format}`, "--log-level=warning", `--outfile=${out}`));
    await answers(out);
    const moved = join(elsewhere, `app.${extension}`);
    cpSync(join(projects, out), moved);
    const { version } = JSON.parse(
      succeed(await run("-p", `JSON.stringify(require("rlrr/package.json"))`)).output,
    );
    const ended = await runNode([moved, adapter, image], { cwd: elsewhere });
    expect([ended.code, ended.errors]).toEqual([
      1,
      expect.stringContaining(
        `EngineError: The package rlrr ${version} is not installed where this program runs (looked from `,
      ),
    ]);
  });

  it("of esbuild without packages labels an image", async () => {
    succeed(await esbuild("--packages=external", "--format=esm", "--outfile=external.mjs"));
    await answers("external.mjs");
  });

  it.each([
    ["without packages", {}],
    ["with all packages", { ALL: "1" }],
  ])("of Vite %s labels an image", async (name, env) => {
    const out = join("out", name.replaceAll(" ", "-"));
    const flags = [bin("vite/bin/vite.js"), "build", "--outDir", out, "--logLevel", "warn"];
    succeed(await runNode(flags, { cwd: projects, env }));
    await answers(join(out, "main.mjs"));
  });

  it("of webpack, as a module and as CommonJS, is made without a warning and labels an image", async () => {
    succeed(await esbuild("--packages=external", "--format=esm", "--outfile=bundled.mjs"));
    const made = await run("build-webpack.mjs");
    expect(made).toEqual({ code: 0, output: "", errors: "" });
    await answers("out/webpack.mjs");
    await answers("out/webpack.cjs");
  });
});

describe("Next.js", () => {
  it("labels an image in a route, and describes a model in a server component", async () => {
    const env = { NEXT_TELEMETRY_DISABLED: "1" };
    const cwd = join(projects, "next");
    succeed(await runNode([bin("next/dist/bin/next"), "build"], { cwd, env }));
    // What a standalone build copies: all that runs in threads and processes.
    const trace = readFileSync(join(cwd, ".next/server/app/label/route.js.nft.json"), "utf8");
    const copied: string[] = JSON.parse(trace).files.map((path: string) => basename(path));
    const needed = ["onnx.worker.js", "image-process.js", "onnxruntime_binding.node"];
    expect(copied).toEqual(expect.arrayContaining(needed));
    if (process.platform === "linux")
      expect(copied.filter((name) => name.startsWith("libonnxruntime.so"))).not.toEqual([]);
    const ended = await runNode(["serve.mjs", adapter, image], { cwd, env });
    // Next says what it does before.
    expect(ended).toMatchObject({
      code: 0,
      output: expect.stringContaining(`\n${expected}size\n`),
      errors: "",
    });
  });
});
