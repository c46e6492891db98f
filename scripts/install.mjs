/** What `npm start` and `npm test` do first: refuse an old Node, and install packages where they are missing or out of date. */

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../", import.meta.url);

/** The JSON file at a path below the root, or nothing where it is missing or damaged. */
function readJson(path) {
  try {
    return JSON.parse(readFileSync(new URL(path, root), "utf8"));
  } catch {
    return undefined;
  }
}

/** The oldest Node that package.json allows, where this one is older: `[20, 9]`. */
function nodeNeeded() {
  const oldest = readJson("package.json").engines.node.match(/\d+/g).map(Number);
  const [major, minor] = process.versions.node.split(".").map(Number);
  const [needMajor, needMinor = 0] = oldest;
  return major < needMajor || (major === needMajor && minor < needMinor) ? oldest : undefined;
}

/**
 * Whether what lies in node_modules is what package-lock.json asks for. npm writes down what it has installed, in the
 * form of the lock; packages for other systems are in the lock alone.
 */
function isInstalled() {
  const installed = readJson("node_modules/.package-lock.json")?.packages;
  const asked = readJson("package-lock.json")?.packages;
  if (!installed || !asked) return false;
  const same = (path) =>
    installed[path]
      ? installed[path].version === asked[path]?.version &&
        installed[path].integrity === asked[path].integrity
      : asked[path].optional === true;
  return Object.keys({ ...asked, ...installed }).every((path) => path === "" || same(path));
}

/** npm ci with this very npm, where npm has called us; returns its exit code. */
function install() {
  // What tests and types need is a development dependency, which NODE_ENV=production would leave out.
  const flags = ["ci", "--include=dev"];
  const npm = process.env.npm_execpath;
  const options = { cwd: fileURLToPath(root), stdio: "inherit" };
  const { status, error } = npm
    ? spawnSync(process.execPath, [npm, ...flags], options)
    : spawnSync(`npm ${flags.join(" ")}`, { ...options, shell: true });
  if (error) console.error(error.message);
  return status ?? 1;
}

const needed = nodeNeeded();
if (needed) {
  console.error(
    `Node ${needed.join(".")} or newer is needed; this is ${process.versions.node}. Get one at https://nodejs.org.`,
  );
  process.exitCode = 1;
} else if (!isInstalled()) {
  console.log("Installing packages (npm ci), which takes a minute the first time …");
  process.exitCode = install();
  if (process.exitCode !== 0)
    console.error(
      `Packages could not be installed: npm ci ended with code ${process.exitCode}, for the reason above. It needs the npm registry; behind a proxy, set it with npm config set https-proxy URL.`,
    );
}
