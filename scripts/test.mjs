/** What `npm test` runs: types, lint and format, tests; and `npm run test:packed`. Stops at the first that fails; its last line counts. */

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "rlrr-test-"));
const report = join(folder, "report.json");

/** Extra arguments, such as a path below src, go to vitest. */
const [first, ...others] = process.argv.slice(2);
const isPacked = first === "packed";
const vitest = [
  "vitest/vitest.mjs",
  "run",
  "--reporter=default",
  "--reporter=json",
  `--outputFile.json=${report}`,
];
const checks = isPacked
  ? [[...vitest, "--config", "test/packed/vitest.config.ts", ...others]]
  : [
      ["typescript/bin/tsc", "--noEmit"],
      ["@biomejs/biome/bin/biome", "check", "."],
      [...vitest, ...process.argv.slice(2)],
    ];

/** Runs a check of node_modules; returns its exit code. */
function run([path, ...flags]) {
  console.log(`\n> ${path.split("/").at(-1).replace(".mjs", "")} ${flags.join(" ")}`);
  const program = join(root, "node_modules", path);
  const { status, error } = spawnSync(process.execPath, [program, ...flags], { cwd: root, stdio: "inherit" });
  if (error) console.error(error.message);
  return status ?? 1;
}

/** Tests that passed and failed; what failed without a test of its own, such as a file that does not load, counts as one. */
function count(code) {
  const none = { numPassedTests: 0, numFailedTests: 0, testResults: [] };
  const { numPassedTests, numFailedTests, testResults } = { ...none, ...readReport() };
  const broken = testResults.filter(
    ({ status, assertionResults }) =>
      status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  );
  const failed = numFailedTests + broken.length;
  return { passed: numPassedTests, failed: code === 0 ? failed : Math.max(1, failed) };
}

/** What was left out, by its name: a test that is skipped names what it needs. */
function listSkipped() {
  const { testResults } = { testResults: [], ...readReport() };
  const skipped = testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === "skipped" || status === "pending"),
  );
  if (skipped.length === 0) return;
  console.log(`\n${skipped.length} skipped:`);
  for (const { fullName } of skipped) console.log(`  ${fullName}`);
}

function readReport() {
  try {
    return JSON.parse(readFileSync(report, "utf8"));
  } catch {
    return undefined;
  }
}

let code = 0;
for (const check of checks) if (code === 0) code = run(check);
const { passed, failed } = count(code);
listSkipped();
rmSync(folder, { recursive: true, force: true });
process.exitCode = code;
console.log(`\n${passed} passed, ${failed} failed`);
