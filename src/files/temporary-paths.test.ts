import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import {
  displacedFolder,
  oldPathOf,
  recoverPlaces,
  temporaryPathOf,
  whileWriting,
} from "./temporary-paths.ts";
import { writeFileAtomically } from "./write-file.ts";
import { writeFolderAtomically } from "./write-folder.ts";

const root = temporaryFolder("temporary");

/** A folder in which a process died while it wrote `out`. */
function died(when: "filling" | "between the renames" | "tidying", name: string) {
  const folder = join(root, name);
  const out = join(folder, "out");
  const temporary = temporaryPathOf(out);
  const old = oldPathOf(temporary);
  for (const [path, text] of [
    [out, "old"],
    [temporary, "new"],
  ] as const) {
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, "f"), text);
  }
  if (when !== "filling") renameSync(out, old);
  if (when === "tidying") renameSync(temporary, out);
  writeFileSync(join(folder, ".out.rlrr-lock"), "");
  return { folder, out, old };
}

describe("recoverPlaces", () => {
  it.each([
    ["filling", "old"],
    ["between the renames", "old"],
    ["tidying", "new"],
  ] as const)("leaves one whole folder when a process died %s", async (when, text) => {
    const { folder, out } = died(when, `mend ${when}`);
    await recoverPlaces([out]);
    expect(readdirSync(folder)).toEqual(["out"]);
    expect(readFileSync(join(out, "f"), "utf8")).toBe(text);
  });

  it("removes temporary files, and nothing that it was not told of", async () => {
    const folder = join(root, "files");
    mkdirSync(folder);
    const foreign = [
      ".other.0123abcd.rlrr-tmp",
      ".state.12.0123abcd.tmp",
      ".state.0123abcd.tmp",
      ".state.more.0123abcd.rlrr-tmp",
      ".hidden",
      "state",
      "state.0123abcd.rlrr-tmp",
    ];
    for (const name of [...foreign, ".state.0123abcd.rlrr-tmp"]) writeFileSync(join(folder, name), "");
    await recoverPlaces([join(folder, "state")]);
    expect(readdirSync(folder).sort()).toEqual([...foreign].sort());
  });
});

describe("displacedFolder", () => {
  it("finds the old folder only while the new one is not in place", async () => {
    const between = died("between the renames", "between");
    expect(await displacedFolder(between.out)).toBe(between.old);
    expect(await displacedFolder(died("filling", "filling").out)).toBeUndefined();
    expect(await displacedFolder(died("tidying", "tidying").out)).toBeUndefined();
    expect(await displacedFolder(join(root, "nothing"))).toBeUndefined();
  });
});

describe("a killed writer", () => {
  const module = new URL("write-file.ts", import.meta.url).href;
  /** A process that writes half of `path` and waits. */
  async function writer(path: string) {
    const source = `
      import { writeFileAtomically } from ${JSON.stringify(module)};
      async function* half() { yield Buffer.from("half"); process.stdout.write("half"); await new Promise(() => setInterval(() => {}, 1000)); }
      await writeFileAtomically(${JSON.stringify(path)}, half());`;
    const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", source]);
    const ended = new Promise((resolve) => child.once("exit", resolve));
    await new Promise((resolve) => child.stdout.once("data", resolve));
    return async () => {
      child.kill("SIGKILL");
      await ended;
    };
  }

  it("leaves halves that the next writer of the place removes, and that of a living one stays", async () => {
    const folder = join(root, "killed");
    mkdirSync(folder);
    const [a, b] = [join(folder, "a.html"), join(folder, "b.html")];
    const [killA, killB] = [await writer(a), await writer(b)];
    await killA();
    expect(readdirSync(folder)).toHaveLength(4);
    await writeFileAtomically(a, "whole");
    expect(readFileSync(a, "utf8")).toBe("whole");
    expect(readdirSync(folder).filter((name) => !name.startsWith(".b.html."))).toEqual(["a.html"]);
    expect(readdirSync(folder)).toHaveLength(3);
    const abort = new AbortController();
    const waiting = writeFileAtomically(b, "later", { signal: abort.signal });
    abort.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    const second = writeFileAtomically(b, "after it");
    await killB();
    await second;
    expect(readFileSync(b, "utf8")).toBe("after it");
    expect(readdirSync(folder).sort()).toEqual(["a.html", "b.html"]);
  });

  it("leaves a half folder that the next writer of the place removes", async () => {
    const { folder, out } = died("between the renames", "half folder");
    await writeFolderAtomically(out, async (temporary) => writeFileSync(join(temporary, "f"), "newer"), {
      mayReplace: (names) => names.includes("f"),
    });
    expect(readFileSync(join(out, "f"), "utf8")).toBe("newer");
    expect(readdirSync(folder)).toEqual(["out"]);
  });
});

describe("whileWriting", () => {
  it("lets one in at a time, in this process too", async () => {
    const place = join(root, "one");
    let [inside, most] = [0, 0];
    await Promise.all(
      Array.from({ length: 5 }, () =>
        whileWriting(place, async () => {
          most = Math.max(most, ++inside);
          await new Promise((resolve) => setTimeout(resolve, 5));
          inside--;
        }),
      ),
    );
    expect(most).toBe(1);
    expect(existsSync(join(root, ".one.rlrr-lock"))).toBe(false);
  });

  it("takes names of any length that the disk takes", async () => {
    const names = ["x".repeat(255), `${"x".repeat(254)}y`, "ä".repeat(127)];
    const folder = join(root, "long");
    mkdirSync(folder);
    for (const name of names) await writeFileAtomically(join(folder, name), name);
    expect(readdirSync(folder).sort()).toEqual(names.sort());
  });

  it("says it, rather than writes elsewhere, where its lock is a link or another's file", async () => {
    const place = join(root, "foreign");
    writeFileSync(join(root, ".foreign.rlrr-lock"), "a diary");
    await expect(writeFileAtomically(place, "")).rejects.toThrow(
      `${join(root, ".foreign.rlrr-lock")} is no lock of this program and would be removed. Move it elsewhere.`,
    );
    expect(readFileSync(join(root, ".foreign.rlrr-lock"), "utf8")).toBe("a diary");
  });
});
