import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

const scripts = fileURLToPath(new URL("../scripts/", import.meta.url));
const bin = fileURLToPath(new URL("../bin/rlrr.mjs", import.meta.url));
const folder = temporaryFolder("scripts");

/** A checkout of nothing but our scripts and what is given: text, or an object for JSON. */
function checkout(files: Readonly<Record<string, unknown>>): string {
  const root = mkdtempSync(join(folder, "checkout-"));
  for (const name of ["install.mjs", "test.mjs"]) cpSync(join(scripts, name), join(root, "scripts", name));
  cpSync(bin, join(root, "bin/rlrr.mjs"));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), typeof content === "string" ? content : JSON.stringify(content));
  }
  return root;
}

interface Ended {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

const run = (root: string, script: string, ...args: readonly string[]): Promise<Ended> =>
  new Promise((resolve) => {
    const env = { ...process.env, npm_execpath: join(root, "npm.cjs") };
    const child = execFile(
      process.execPath,
      [join(root, script), ...args],
      { env },
      (_error, output, errors) => {
        resolve({ code: child.exitCode ?? -1, output, errors });
      },
    );
  });

/** A package in a lock. */
const part = (version: string, more: object = {}) => ({ version, integrity: `sha512-${version}`, ...more });

describe("install", () => {
  const engines = { engines: { node: ">=20.9" } };
  const npm = `console.log("npm", ...process.argv.slice(2)); process.exitCode = Number(process.env.NPM_CODE ?? 0);`;
  const installing =
    "Installing packages (npm ci), which takes a minute the first time …\nnpm ci --include=dev\n";
  const lock = {
    packages: {
      "": { name: "rlrr" },
      "node_modules/a": part("1.0.0"),
      "node_modules/windows": part("1.0.0", { optional: true }),
    },
  };
  const asLocked = { packages: { "node_modules/a": part("1.0.0") } };

  const outcome = (files: Readonly<Record<string, unknown>>) =>
    run(
      checkout({ "package.json": engines, "package-lock.json": lock, "npm.cjs": npm, ...files }),
      "scripts/install.mjs",
    );
  const withInstalled = (installed: unknown) =>
    outcome({ "node_modules/.package-lock.json": installed as object });

  it("does nothing where what is installed is what the lock asks for", async () => {
    expect(await withInstalled(asLocked)).toEqual({ code: 0, output: "", errors: "" });
  });

  it.each([
    ["nothing is installed", {}],
    ["a package is missing", { packages: {} }],
    ["a package is older", { packages: { "node_modules/a": part("0.9.0") } }],
    [
      "a package is of the same version but another",
      { packages: { "node_modules/a": { version: "1.0.0" } } },
    ],
    [
      "a package is left over",
      { packages: { "node_modules/a": part("1.0.0"), "node_modules/b": part("1.0.0") } },
    ],
    [
      "an optional package is older",
      { packages: { "node_modules/a": part("1.0.0"), "node_modules/windows": part("0.9.0") } },
    ],
    ["npm's record is damaged", "{"],
  ])("runs npm ci where %s", async (_, installed) => {
    expect(await withInstalled(installed)).toEqual({ code: 0, output: installing, errors: "" });
  });

  it("says what npm ci needs when it fails, and fails with its code", async () => {
    const failing = `console.log("npm", ...process.argv.slice(2)); process.exitCode = 7;`;
    expect(await outcome({ "npm.cjs": failing })).toEqual({
      code: 7,
      output: installing,
      errors:
        "Packages could not be installed: npm ci ended with code 7, for the reason above. It needs the npm registry; behind a proxy, set it with npm config set https-proxy URL.\n",
    });
  });

  it("refuses a Node older than package.json asks for", async () => {
    expect(await outcome({ "package.json": { engines: { node: ">=99.1" } } })).toEqual({
      code: 1,
      output: "",
      errors: `Node 99.1 or newer is needed; this is ${process.versions.node}. Get one at https://nodejs.org.\n`,
    });
  });
});

describe("test", () => {
  /** Programs that say their name and flags and end with the code given; vitest also writes a report. */
  const programs = ({ types = 0, lint = 0, tests = 0, report = {} } = {}) => {
    const program = (name: string, code: number) =>
      `console.log("${name}", ...process.argv.slice(2).filter((flag) => !flag.includes("json"))); process.exitCode = ${code};`;
    const write = `require("node:fs").writeFileSync(process.argv.find((flag) => flag.startsWith("--outputFile.json=")).slice(18), ${JSON.stringify(JSON.stringify(report))});`;
    return checkout({
      "node_modules/typescript/bin/tsc": program("tsc", types),
      "node_modules/@biomejs/biome/bin/biome": program("biome", lint),
      "node_modules/vitest/package.json": { type: "commonjs" },
      // Under its real name, which makes it a module.
      "node_modules/vitest/vitest.mjs": `import { createRequire } from "node:module"; const require = createRequire(import.meta.url); ${program("vitest", tests)} ${tests > 128 ? "" : write}`,
    });
  };
  const passing = { numPassedTests: 12, numFailedTests: 0, testResults: [] };
  const broken = { status: "failed", assertionResults: [] };
  const failing = { status: "failed", assertionResults: [{ status: "failed" }] };

  const last = ({ output }: Ended) => output.split("\n").slice(-2);

  it("runs types, lint and tests, and ends in the count", async () => {
    const ended = await run(programs({ report: passing }), "scripts/test.mjs", "src/graph");
    expect(ended.output.split("\n").filter((line) => /^(tsc|biome|vitest) /.test(line))).toEqual([
      "tsc --noEmit",
      "biome check .",
      "vitest run --reporter=default src/graph",
    ]);
    expect([ended.code, ...last(ended)]).toEqual([0, "12 passed, 0 failed", ""]);
  });

  it("runs nothing but the tests of the packed package where it is asked for them", async () => {
    const ended = await run(programs({ types: 2, report: passing }), "scripts/test.mjs", "packed");
    expect(ended.output.split("\n").filter((line) => /^(tsc|biome|vitest) /.test(line))).toEqual([
      "vitest run --reporter=default --config test/packed/vitest.config.ts",
    ]);
    expect([ended.code, ...last(ended)]).toEqual([0, "12 passed, 0 failed", ""]);
  });

  it.each([
    ["types are wrong", { types: 2 }, 2, "0 passed, 1 failed"],
    ["lint is wrong", { lint: 1 }, 1, "0 passed, 1 failed"],
    [
      "a test fails",
      { tests: 1, report: { numPassedTests: 11, numFailedTests: 1, testResults: [failing] } },
      1,
      "11 passed, 1 failed",
    ],
    [
      "a test fails and a file does not load",
      { tests: 1, report: { numPassedTests: 11, numFailedTests: 1, testResults: [failing, broken] } },
      1,
      "11 passed, 2 failed",
    ],
    ["an error belongs to no test", { tests: 1, report: passing }, 1, "12 passed, 1 failed"],
    ["vitest dies", { tests: 134 }, 134, "0 passed, 1 failed"],
  ])("fails where %s", async (_, given, code, line) => {
    const ended = await run(programs(given), "scripts/test.mjs");
    expect([ended.code, ...last(ended)]).toEqual([code, line, ""]);
  });
});

describe("bin", () => {
  it("says what to do in a checkout without packages", async () => {
    expect(await run(checkout({ "src/cli/main.ts": "" }), "bin/rlrr.mjs")).toEqual({
      code: 1,
      output: "",
      errors: "The packages that rlrr needs are not installed. Run npm ci in its folder first.\n",
    });
  });

  it("runs compiled JavaScript where there is no source", async () => {
    const root = checkout({ "dist/cli/main.js": `console.log("compiled");` });
    expect(await run(root, "bin/rlrr.mjs")).toEqual({ code: 0, output: "compiled\n", errors: "" });
  });
});
