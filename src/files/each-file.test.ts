import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { eachFile, hashFile } from "./each-file.ts";

const paths = Array.from({ length: 30 }, (_, index) => `${index}`);
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("eachFile", () => {
  it("works on at most 8 files at a time, and keeps their order", async () => {
    let [running, most] = [0, 0];
    const told: number[] = [];
    const results = await eachFile(
      paths,
      async (path) => {
        most = Math.max(most, ++running);
        for (let left = 30 - Number(path); left > 0; left--) await turn();
        running--;
        return Number(path);
      },
      { onProgress: (done, total) => told.push(done / total) },
    );
    expect(results).toEqual(paths.map(Number));
    expect(most).toBe(8);
    expect(told).toEqual(paths.map((_, index) => (index + 1) / 30));
  });

  it("begins no file after a failure", async () => {
    const begun: string[] = [];
    const working = eachFile(paths, async (path) => {
      begun.push(path);
      await turn();
      if (path === "3") throw new Error("damaged");
    });
    await expect(working).rejects.toThrow("damaged");
    for (let left = 40; left > 0; left--) await turn();
    expect(begun.length).toBeLessThan(16);
  });

  it("ends when the signal is raised", async () => {
    const controller = new AbortController();
    const working = eachFile(paths, async () => controller.abort(), { signal: controller.signal });
    await expect(working).rejects.toThrow("This operation was aborted");
  });
});

describe("hashFile", () => {
  it("hashes a file of many chunks as a whole", async () => {
    const path = join(temporaryFolder("hash"), "file");
    const bytes = Buffer.alloc(1_000_003, "rlrr");
    writeFileSync(path, bytes);
    expect(await hashFile(path)).toBe(createHash("sha256").update(bytes).digest("base64"));
  });
});
