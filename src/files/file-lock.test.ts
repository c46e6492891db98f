/** Where the disk, or the machine, knows no locks. */

import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import extensions from "fs-native-extensions";
import { afterEach, describe, expect, it, vi } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { EngineError } from "../errors.ts";
import { takeLock } from "../runs/run-lock.ts";
import { takeFileLock } from "./file-lock.ts";
import { writeFileAtomically } from "./write-file.ts";

const root = temporaryFolder("file-lock");
afterEach(() => vi.restoreAllMocks());

/** Every lock is answered with this code. */
const answer = (code: string) =>
  vi.spyOn(extensions, "tryLock").mockImplementation(() => {
    throw Object.assign(new Error(code), { code });
  });

describe("a disk without locks", () => {
  it.each(["ENOLCK", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EINVAL"])(
    "takes files as ever, but no run: %s",
    async (code) => {
      const folder = mkdtempSync(join(root, "run-"));
      answer(code);
      await writeFileAtomically(join(folder, "a"), "text");
      expect(readFileSync(join(folder, "a"), "utf8")).toBe("text");
      const path = join(folder, "run.lock");
      await expect(takeLock(folder)).rejects.toThrow(
        new EngineError(
          `${path} could not be locked: this disk or machine has no file locks, so two processes could train here at once. Give a folder on another disk as out.`,
        ),
      );
      expect(readdirSync(folder)).toEqual(["a"]);
    },
  );

  it("is told from one that fails", async () => {
    const path = join(root, "broken");
    answer("EIO");
    await expect(takeFileLock(path, { place: "the place" })).rejects.toThrow(
      new EngineError("the place could not be written: the disk failed (EIO). Check the disk."),
    );
  });
});
