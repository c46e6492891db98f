import { existsSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { EngineError } from "../errors.ts";
import { makeFolder } from "./make-folder.ts";

const root = temporaryFolder("make-folder");
const at = (...names: string[]) => join(root, ...names);

describe("makeFolder", () => {
  it("makes what is missing and names the first of it", async () => {
    expect(await makeFolder(at("a/b/c"))).toBe(at("a"));
    expect(existsSync(at("a/b/c"))).toBe(true);
    expect(await makeFolder(at("a/b/d"))).toBe(at("a/b/d"));
    expect(await makeFolder(at("a/b/c"))).toBeUndefined();
    symlinkSync(at("a"), at("link"));
    expect(await makeFolder(at("link"))).toBeUndefined();
  });

  it("makes folders side by side that have their parents in common", async () => {
    // Each round meets a chance in ten of a parent that appears between two looks.
    for (let round = 0; round < 200; round++) {
      const paths = Array.from({ length: 16 }, (_, index) => at(`round-${round}`, "x", `${index % 8}`));
      await Promise.all(paths.map(makeFolder));
      expect(paths.every((path) => existsSync(path))).toBe(true);
    }
  });

  it("throws where a file is in the way", async () => {
    writeFileSync(at("file"), "");
    await expect(makeFolder(at("file"))).rejects.toThrow(
      new EngineError(
        `${at("file")} could not be written: there is a file of that name. Remove it, or write elsewhere.`,
      ),
    );
    await expect(makeFolder(at("file/below"))).rejects.toThrow("part of its path is a file");
  });

  it.runIf(process.platform === "linux")("ends where the system lets nothing be made", async () => {
    await expect(makeFolder("/proc/nowhere/below")).rejects.toThrow("its folder does not exist");
  });
});
