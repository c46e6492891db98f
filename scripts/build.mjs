/** What `npm run build` runs: makes `dist` and `types` of the package, here or in the folder that it is given. */

import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { zipSync } from "fflate";
import { rolldown } from "rolldown";
import { moveDeclarations } from "./build-declarations.mjs";

const root = fileURLToPath(new URL("../", import.meta.url));
const doors = ["index", "node"];

/** ES modules, file by file, each with its declarations. */
function compile(dist) {
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const flags = ["-p", join(root, "tsconfig.build.json"), "--outDir", dist];
  const { status, error } = spawnSync(process.execPath, [compiler, ...flags], { stdio: "inherit" });
  if (error) console.error(error.message);
  if (status !== 0) throw new Error("The compiler found errors; they are above.");
}

/** The compiler wraps what `import()` is given in a helper, and so hides from bundlers the comment that speaks to them. */
function unwrapImports(dist) {
  for (const name of ["methods/load-method.js", "installed-package.js"]) unwrapImport(join(dist, name));
}

function unwrapImport(path) {
  const wrapped = /^var __rewriteRelativeImportExtension = [\s\S]*?^};\n/m;
  const text = readFileSync(path, "utf8");
  const plain = text
    .replace(wrapped, "")
    .replace(/import\(\s*__rewriteRelativeImportExtension\(([^()]*)\)\s*\)/g, "import($1)");
  if (plain === text || plain.includes("__rewrite")) throw new Error(`${path} is not as expected.`);
  writeFileSync(path, plain);
}

/** The doors for `require`, and one file of what they share: no other file of the package is in CommonJS. */
async function writeCommonJs(dist) {
  const bundle = await rolldown({
    input: Object.fromEntries(doors.map((door) => [door, join(dist, `${door}.js`)])),
    platform: "node",
    external: /^[^./]/,
  });
  // What the bundler adds of its own asks for a name too, and is then left out because it is empty.
  const chunkFileNames = ({ name }) => (name === "rolldown-runtime" ? `${name}.cjs` : "shared.cjs");
  const names = { entryFileNames: "[name].cjs", chunkFileNames };
  await bundle.write({ dir: dist, format: "cjs", ...names });
  await bundle.close();
}

/** The images of the demo as one file, the same bytes every time. */
function packImages(dist) {
  const data = join(root, "assets/demo/data");
  const paths = readdirSync(data, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".jpg"))
    .sort();
  const images = Object.fromEntries(paths.map((path) => [path, readFileSync(join(data, path))]));
  // Compressed already; npm packs the package once more.
  writeFileSync(join(dist, "demo-images.zip"), zipSync(images, { level: 0, mtime: "2026-01-01T00:00:00" }));
}

const target = resolve(process.argv[2] ?? root);
const [dist, types] = ["dist", "types"].map((name) => join(target, name));
for (const folder of [dist, types]) rmSync(folder, { recursive: true, force: true });
compile(dist);
unwrapImports(dist);
await writeCommonJs(dist);
moveDeclarations({ from: dist, to: types, doors });
packImages(dist);
