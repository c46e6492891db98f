import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { describe, expect, it } from "vitest";
import { EngineError } from "../errors.ts";
import { checkFreeSpace } from "./free-space.ts";

describe("checkFreeSpace", () => {
  it("is content with room, or where a disk does not tell", async () => {
    await checkFreeSpace(tmpdir(), { bytes: 1, what: "it" });
    await checkFreeSpace("/nowhere/at/all", { bytes: 1e18, what: "it" });
  });

  it("says how much is missing", async () => {
    const { bavail, bsize } = await statfs(tmpdir());
    const error = await checkFreeSpace(tmpdir(), { bytes: 1e18, what: "it" }).catch((cause) => cause);
    expect(error).toBeInstanceOf(EngineError);
    const [, free = ""] =
      /^.*: it needs 1,000,000,000,000 MB, and the disk has ([\d,]+) MB free\. Free some space, or use another disk\.$/.exec(
        error.message,
      ) ?? [];
    expect(Math.abs(Number(free.replaceAll(",", "")) - (bavail * bsize) / 1e6)).toBeLessThan(2000);
  });
});
