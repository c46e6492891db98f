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

/** What is in the package beside `dist` and `types`. */
const always = ["package.json", "README.md", "LICENSE", "CHANGELOG.md", "bin", "assets/demo/backbone"];

/** The package as it is installed: what is compiled, without a line of TypeScript, beside its dependencies. */
beforeAll(async () => {
  await node(join(root, "scripts/build.mjs"), folder);
  for (const name of always) cpSync(join(root, name), join(folder, name), { recursive: true });
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
});

describe("package", () => {
  it("holds its command, its doors with their types, and no tests", () => {
    const { exports, files, bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    const built = ["dist", "types"].flatMap((part) =>
      readdirSync(join(folder, part), { recursive: true, encoding: "utf8" }).map(
        (path) => `./${part}/${path.replaceAll("\\", "/")}`,
      ),
    );
    for (const door of [".", "./node"]) {
      const { require: forRequire, ...forImport } = exports[door];
      for (const target of [...Object.values(forRequire), ...Object.values(forImport)])
        expect(built).toContain(target);
    }
    expect(built.filter((path) => path.includes(".test."))).toEqual([]);
    expect(files).toEqual(["bin", "dist", "types", "assets/demo/backbone", "CHANGELOG.md"]);
    expect(bin).toEqual({ rlrr: "bin/rlrr.mjs" });
  });

  it("holds one file for the demo's images, a model, and what the doors lead to", async () => {
    const npm = process.env.npm_execpath;
    const said = npm
      ? await node(npm, "pack", "--dry-run", "--json")
      : (await promisify(execFile)("npm", ["pack", "--dry-run", "--json"], { cwd: folder, shell: true }))
          .stdout;
    const [{ files, unpackedSize, size }] = JSON.parse(said);
    const paths: string[] = files.map(({ path }: { path: string }) => path);
    const other = paths.filter((path) => !/^(dist\/.+\.c?js|types\/.+\.d\.c?ts)$/.test(path));
    expect(other.sort()).toEqual([
      "CHANGELOG.md",
      "LICENSE",
      "README.md",
      "assets/demo/backbone/config.json",
      "assets/demo/backbone/model.safetensors",
      "assets/demo/backbone/preprocessor_config.json",
      "bin/rlrr.mjs",
      "dist/demo-images.zip",
      "package.json",
    ]);
    expect(paths.filter((path) => path.endsWith(".cjs")).sort()).toEqual(
      ["index", "node", "shared"].map((name) => `dist/${name}.cjs`),
    );
    // Declarations of the command are nobody's.
    expect(paths.filter((path) => /^types\/cli\//.test(path))).toEqual([]);
    expect(paths.length).toBeLessThan(1100);
    expect(size).toBeLessThan(5e6);
    expect(unpackedSize).toBeLessThan(10e6);
  });

  it("names nothing of a checkout in what is built", () => {
    const built = readdirSync(join(folder, "dist"), { recursive: true, encoding: "utf8" }).filter((path) =>
      /\.c?js$/.test(path),
    );
    const read = (path: string) => readFileSync(join(folder, "dist", path), "utf8");
    // A bundler would look for what `new URL("./x", import.meta.url)` names, and for TypeScript there is none.
    expect(built.filter((path) => /new URL\(\s*["'`]\./.test(read(path)))).toEqual([]);
    expect(built.filter((path) => /import\((__rewrite|["'`][^"'`]*\.ts)/.test(read(path)))).toEqual([]);
  });

  it("runs its command", async () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    expect(await node("bin/rlrr.mjs", "--version")).toBe(`${version}\n`);
    expect(await node("bin/rlrr.mjs", "train", "--help")).toContain("Usage: rlrr train [options]");
  });

  it("reads a method of a user's own, in TypeScript where Node.js does", async () => {
    const source = `import { defineMethod, z } from "rlrr";
      const summary = "trains the head";
      export default defineMethod({
        ...{ name: "own", summary, learningRate: 1, options: z.strictObject({}) },
        create: () => ({ trainables: () => [] }),
      });`;
    // Outside the package and its dependencies: nothing there is called rlrr.
    const elsewhere = temporaryFolder("own-method-elsewhere");
    const count = async (name: string) => {
      writeFileSync(join(elsewhere, name), source);
      return node("bin/rlrr.mjs", "inspect", "vit-ti16", "--method", join(elsewhere, name), "--json");
    };
    expect(JSON.parse(await count("own.mjs"))).toMatchObject({ method: "own", trainable: 0 });
    if (Reflect.get(process.features, "typescript"))
      expect(JSON.parse(await count("own.ts"))).toMatchObject({ method: "own" });
    else
      await expect(count("own.ts")).rejects.toThrow(
        `own.ts: Node.js ${process.versions.node} cannot read TypeScript. Use Node.js 22.18 or later, or write the file in JavaScript.`,
      );
  });

  it("opens both doors, and runs both kinds of thread", async () => {
    writeFileSync(
      join(folder, "user.mjs"),
      `import { models } from "rlrr";
       import { graph, openEngine, openImageStore, ops } from "rlrr/node";
       const { grad, input } = graph;
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
       console.log(JSON.stringify([typeof models.backboneOf, [...numbers.y], [...numbers.gradient], problem, misfit]));
       await store.close();
       await engine.close();`,
    );
    // The line of the user's, not one of ours.
    const line = 6;
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
