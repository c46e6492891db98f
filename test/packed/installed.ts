/** The package as a user has it: packed, and installed from the file into a folder of its own. */

import { execFile } from "node:child_process";
import { cpSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** What goes into the package beside what `files` of package.json names. */
const always = ["package.json", "README.md", "LICENSE", "CHANGELOG.md", "bin", "assets/demo/backbone"];

export interface Ended {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** Runs a program to its end. One that does not end by itself is killed, and has no code. */
export async function runNode(
  args: readonly string[],
  { cwd, env = {} }: { readonly cwd: string; readonly env?: Readonly<Record<string, string>> },
): Promise<Ended> {
  const options = { cwd, env: { ...process.env, ...env }, timeout: 600_000, maxBuffer: 2 ** 26 };
  return promisify(execFile)(process.execPath, [...args], options).then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout, errors: stderr }),
    ({ code, stdout, stderr }) => ({ code: Number(code ?? -1), output: stdout, errors: stderr }),
  );
}

/** The same for npm: the very one that has called us, where one has. */
export const runNpm = (args: readonly string[], cwd: string, env: Readonly<Record<string, string>> = {}) => {
  const npm = process.env.npm_execpath;
  if (npm) return runNode([npm, ...args], { cwd, env });
  const options = { cwd, env: { ...process.env, ...env }, shell: true, maxBuffer: 2 ** 26 };
  return promisify(execFile)("npm", [...args], options).then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout, errors: stderr }),
    ({ code, stdout, stderr }) => ({ code: Number(code ?? -1), output: stdout, errors: stderr }),
  );
};

/** Throws with all that was said where a program has failed. */
export function succeed(ended: Ended): Ended {
  if (ended.code !== 0) throw new Error(`code ${ended.code}\n${ended.output}\n${ended.errors}`);
  return ended;
}

/** Builds and packs into `folder`; gives the package's path. What is built in the checkout is not touched. */
export async function pack(folder: string): Promise<string> {
  const staging = join(folder, "package");
  mkdirSync(staging, { recursive: true });
  for (const name of always) cpSync(join(root, name), join(staging, name), { recursive: true });
  succeed(await runNode([join(root, "scripts/build.mjs"), staging], { cwd: root }));
  succeed(await runNpm(["pack", "--pack-destination", folder], staging));
  const name = readdirSync(folder).find((entry) => entry.endsWith(".tgz"));
  if (name === undefined) throw new Error(`npm pack has left no package in ${folder}.`);
  return join(folder, name);
}
