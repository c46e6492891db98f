/** Finds the folder of this package, also from a bundle: what runs in threads and processes, and what has native code, is there. */

import { existsSync, readFileSync } from "node:fs";
import module from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { EngineError } from "./errors.ts";
import { version } from "./version.ts";

/** Where this code is: `src` of a checkout, `dist` of the package, or wherever a bundler has put a copy. */
export interface Place {
  /** A bundle in CommonJS has none, and webpack's is that of the machine that built it. */
  readonly url: string | undefined;
  /** From where else the package is looked for. */
  readonly others: readonly (string | undefined)[];
}

const place: Place = {
  url: import.meta.url,
  others: [ownFilename(), process.argv[1], join(process.cwd(), "_")],
};

/** Of a bundle in CommonJS. Not by `typeof`, which webpack answers while it builds, and wrongly for ES modules. */
function ownFilename(): string | undefined {
  try {
    return __filename;
  } catch {
    return undefined;
  }
}

/** Not by its own name, which webpack takes for a `require` that it should resolve while it builds. */
const requireFrom = (path: string): NodeJS.Require => module.createRequire(path);

/** The package's folder, seen from a place. Throws what tells a bundle's user how to make it found. */
export function findPackage({ url, others }: Place): string {
  const starts = [url?.startsWith("file:") ? fileURLToPath(url) : undefined, ...others].filter(
    (path) => path !== undefined,
  );
  const [own] = starts.slice(0, 1).map((path) => dirname(dirname(path)));
  const seen: string[] = [];
  for (const folder of [own, ...starts.map(installedFrom)]) {
    const there = folder === undefined ? undefined : versionIn(folder);
    if (folder === undefined || there === undefined) continue;
    if (there === version) return folder;
    seen.push(`${folder} is version ${there}`);
  }
  const found = seen.length > 0 ? seen.join(", ") : `looked from ${starts.join(", ")}`;
  throw new EngineError(
    `The package rlrr ${version} is not installed where this program runs (${found}), and parts of it cannot be in a bundle: threads, processes, native code. Install it there (npm install rlrr@${version}), beside the bundle or above it.`,
  );
}

/** The package that a file would import. */
function installedFrom(path: string): string | undefined {
  try {
    return dirname(requireFrom(path).resolve("rlrr/package.json"));
  } catch {
    return undefined;
  }
}

/** The version of the rlrr in a folder, where there is one. */
function versionIn(folder: string): string | undefined {
  const file = join(folder, "package.json");
  if (!existsSync(file)) return undefined;
  const { name, version: there } = JSON.parse(readFileSync(file, "utf8"));
  return name === "rlrr" ? String(there) : undefined;
}

let found: string | undefined;
const packageFolder = (): string => {
  found ??= findPackage(place);
  return found;
};

/** A file of this package, by its path in it. */
export const ownFile = (path: string): string => join(packageFolder(), path);

/** One of our modules, as `engine/onnx.worker`: TypeScript in a checkout, JavaScript once built. */
export const ownModule = (name: string): URL =>
  pathToFileURL(ownFile(isSource() ? `src/${name}.ts` : `dist/${name}.js`));

const isSource = (): boolean => place.url?.endsWith(".ts") ?? false;

/** What a thread or a process runs first to run a module: Node 20 reads no TypeScript by itself, nor inherits who does. */
export const firstModule = (module: URL): URL =>
  module.href.endsWith(".ts") ? pathToFileURL(ownFile("src/typescript-worker.mjs")) : module;

/** A dependency with native code, which a bundler could not inline, as this package itself sees it. */
export const requireDependency = <T>(name: string): T => requireFrom(ownFile("package.json"))(name);
