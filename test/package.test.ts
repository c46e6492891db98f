import { execFile } from "node:child_process";
import { cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = temporaryFolder("package");
const node = async (...args: readonly string[]) =>
  (await promisify(execFile)(process.execPath, [...args], { cwd: folder })).stdout;

/** The package as it is installed: what is compiled, without a line of TypeScript, beside its dependencies. */
beforeAll(async () => {
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  await node(compiler, "-p", join(root, "tsconfig.build.json"), "--outDir", join(folder, "dist"));
  for (const name of ["package.json", "bin"])
    cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
});

describe("package", () => {
  it("holds its command, its doors with their types, and no tests", () => {
    const { exports, files, bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const built = readdirSync(join(folder, "dist"), { recursive: true, encoding: "utf8" }).map(
      (path) => `./dist/${path.replaceAll("\\", "/")}`,
    );
    for (const door of [".", "./node"])
      for (const target of Object.values(exports[door])) expect(built).toContain(target);
    expect(built.filter((path) => path.includes(".test."))).toEqual([]);
    expect(files).toEqual(expect.arrayContaining(["bin", "dist"]));
    expect(bin).toEqual({ rlrr: "bin/rlrr.mjs" });
  });

  it("runs its command", async () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    expect(await node("bin/rlrr.mjs", "--version")).toBe(`${version}\n`);
    expect(await node("bin/rlrr.mjs", "train", "--help")).toContain("Usage: rlrr train [options]");
  });

  it("opens both doors, and runs both kinds of thread", async () => {
    writeFileSync(
      join(folder, "user.mjs"),
      `import { vit } from "rlrr";
       import { grad, input, openEngine, openImageStore, ops } from "rlrr/node";
       const engine = await openEngine({ threads: 1 });
       let misfit = "";
       try { grad(ops.add(input("a", [2]), input("b", [3])), []); } catch ({ message }) { misfit = message; }
       const x = input("x", [2]);
       const y = ops.sum(ops.mul(x, x), [0]);
       const [gradient] = grad(y, [x]);
       const session = await engine.compile({ outputs: { y, gradient } });
       const numbers = await session.run({ x: Float32Array.of(1, 3) });
       const store = openImageStore();
       const problem = await store.load("none.png", []).catch(({ message }) => message);
       console.log(JSON.stringify([typeof vit, [...numbers.y], [...numbers.gradient], problem, misfit]));
       await store.close();
       await engine.close();`,
    );
    // The line of the user's, not one of ours.
    const line = 5;
    expect(JSON.parse(await node("user.mjs"))).toEqual([
      "function",
      [10],
      [2, 6],
      "none.png cannot be read: no such file.",
      expect.stringMatching(
        new RegExp(
          `^add: shapes do not broadcast, \\[2\\] and \\[3\\]\\. Made at file:///.*/user\\.mjs:${line}:\\d+\\.$`,
        ),
      ),
    ]);
  });
});
