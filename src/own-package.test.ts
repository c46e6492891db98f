import { mkdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../test/temporary-folder.ts";
import { EngineError } from "./errors.ts";
import { findPackage, firstModule, ownFile, ownModule, requireDependency } from "./own-package.ts";
import { version } from "./version.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = realpathSync(temporaryFolder("own-package"));

/** A project with a bundle, and perhaps a package called rlrr that is installed beside it. */
function project(name: string, installed?: string): { readonly bundle: string; readonly package: string } {
  const [bundle, there] = [join(folder, name, "dist/app.js"), join(folder, name, "node_modules/rlrr")];
  mkdirSync(dirname(bundle), { recursive: true });
  writeFileSync(join(folder, name, "package.json"), JSON.stringify({ name: "app", version: "9.0.0" }));
  if (installed !== undefined) {
    mkdirSync(there, { recursive: true });
    writeFileSync(join(there, "package.json"), JSON.stringify({ name: "rlrr", version: installed }));
  }
  return { bundle, package: there };
}

describe("version", () => {
  it("is that of package.json", () => {
    expect(version).toBe(JSON.parse(readFileSync(join(root, "package.json"), "utf8")).version);
  });
});

describe("findPackage", () => {
  const url = (path: string) => pathToFileURL(path).href;

  it("is where this code is, in a checkout and in the package", () => {
    const at = project("own", version);
    for (const file of ["dist/own-package.js", "dist/node.cjs"])
      expect(findPackage({ url: url(join(at.package, file)), others: [] })).toBe(at.package);
    expect(ownFile("src")).toBe(join(root, "src"));
  });

  it("is what is installed beside a bundle", () => {
    const at = project("beside", version);
    expect(findPackage({ url: url(at.bundle), others: [] })).toBe(at.package);
  });

  it("is what is installed beside the program, where a bundle does not know its place or was built elsewhere", () => {
    const at = project("program", version);
    for (const place of [undefined, "https://example.com/app.js", url(join(folder, "gone/app.js"))])
      expect(findPackage({ url: place, others: [undefined, at.bundle] })).toBe(at.package);
  });

  it("refuses where there is none, and where there is another version", () => {
    const none = project("none");
    expect(() => findPackage({ url: url(none.bundle), others: [] })).toThrow(
      new EngineError(
        `The package rlrr ${version} is not installed where this program runs (looked from ${none.bundle}), and parts of it cannot be in a bundle: threads, processes, native code. Install it there (npm install rlrr@${version}), beside the bundle or above it.`,
      ),
    );
    const other = project("other", "0.0.1");
    expect(() => findPackage({ url: url(other.bundle), others: [] })).toThrow(
      `is not installed where this program runs (${other.package} is version 0.0.1), and`,
    );
  });
});

describe("ownModule", () => {
  it("is TypeScript in a checkout, run by a loader", () => {
    const worker = ownModule("engine/onnx.worker");
    expect(fileURLToPath(worker)).toBe(join(root, "src/engine/onnx.worker.ts"));
    expect(fileURLToPath(firstModule(worker))).toBe(join(root, "src/typescript-worker.mjs"));
    const plain = new URL("file:///app/plain.worker.mjs");
    expect(firstModule(plain)).toBe(plain);
  });
});

describe("requireDependency", () => {
  it("gives a package that this one depends on", () => {
    expect(requireDependency<{ versions: object }>("sharp").versions).toHaveProperty("vips");
  });
});
