import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { mendLeftovers, steppedAside } from "./leftovers.ts";
import { asideOf } from "./write-file.ts";

const root = temporaryFolder("leftovers");

/** A folder in which a process died while it wrote `out`. */
function died(when: "filling" | "between the renames" | "tidying", name: string) {
  const folder = join(root, name);
  const out = join(folder, "out");
  const aside = asideOf(out);
  const old = `${aside}.old`;
  for (const [path, text] of [
    [out, "old"],
    [aside, "new"],
  ] as const) {
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, "f"), text);
  }
  if (when !== "filling") renameSync(out, old);
  if (when === "tidying") renameSync(aside, out);
  return { folder, out, old };
}

describe("mendLeftovers", () => {
  it.each([
    ["filling", "old"],
    ["between the renames", "old"],
    ["tidying", "new"],
  ] as const)("leaves one whole folder when a process died %s", async (when, text) => {
    const { folder, out } = died(when, `mend ${when}`);
    await mendLeftovers(folder, ["out"]);
    expect(readdirSync(folder)).toEqual(["out"]);
    expect(readFileSync(join(out, "f"), "utf8")).toBe(text);
  });

  it("removes files aside, and nothing that it was not told of", async () => {
    const folder = join(root, "files");
    mkdirSync(folder);
    const foreign = [".other.12.0123abcd.tmp", ".state.tmp", ".hidden", "state", "state.12.0123abcd.tmp"];
    for (const name of [...foreign, ".state.12.0123abcd.tmp"]) writeFileSync(join(folder, name), "");
    await mendLeftovers(folder, ["state"]);
    expect(readdirSync(folder).sort()).toEqual([...foreign].sort());
  });

  it("does nothing where there is no folder", async () => {
    await expect(mendLeftovers(join(root, "none"), ["out"])).resolves.toBeUndefined();
  });
});

describe("steppedAside", () => {
  it("finds the old folder only while the new one is not in place", async () => {
    const between = died("between the renames", "between");
    expect(await steppedAside(between.out)).toBe(between.old);
    expect(await steppedAside(died("filling", "filling").out)).toBeUndefined();
    expect(await steppedAside(died("tidying", "tidying").out)).toBeUndefined();
    expect(await steppedAside(join(root, "nothing"))).toBeUndefined();
  });
});
