/** What is installed is what was reviewed: every package by its hash, from the registry, without running its scripts. */

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const read = (name: string) => readFileSync(new URL(`../${name}`, import.meta.url), "utf8");
const lock = JSON.parse(read("package-lock.json"));
const manifest = JSON.parse(read("package.json"));
interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
}
const packages = Object.entries<Locked>(lock.packages).filter(([path]) => path !== "");

describe("package-lock.json", () => {
  it("asks for what package.json asks for", () => {
    const { dependencies, devDependencies, optionalDependencies = {} } = manifest;
    expect(lock.packages[""].dependencies).toEqual(dependencies);
    expect(lock.packages[""].devDependencies).toEqual(devDependencies);
    expect(lock.packages[""].optionalDependencies ?? {}).toEqual(optionalDependencies);
    expect(packages.length).toBeGreaterThan(20);
  });

  it("takes every package from the registry that is set, by a sha512 hash", () => {
    const wrong = packages.filter(
      ([, { version, resolved = "https://registry.npmjs.org/", integrity }]) =>
        !/^\d+\.\d+\.\d+/.test(version ?? "") ||
        !resolved.startsWith("https://registry.npmjs.org/") ||
        !/^sha512-[\w+/]{86}==$/.test(integrity ?? ""),
    );
    expect(wrong.map(([path]) => path)).toEqual([]);
  });

  it("runs no install script", () => {
    expect(read(".npmrc")).toMatch(/^ignore-scripts=true$/m);
    for (const name of ["preinstall", "install", "postinstall", "prepare"])
      expect(manifest.scripts, name).not.toHaveProperty(name);
  });
});
