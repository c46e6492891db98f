import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { EngineError, FileError } from "../errors.ts";
import { openMetricsFile, readMetrics } from "./metrics-file.ts";

const folder = temporaryFolder("metrics");
let count = 0;
const fileWith = (text: string): string => {
  const path = join(folder, `${count++}.jsonl`);
  writeFileSync(path, text);
  return path;
};

describe("openMetricsFile", () => {
  it("begins empty, adds lines and counts them", async () => {
    const path = join(folder, "new.jsonl");
    const file = await openMetricsFile(path, { keep: 0 });
    await file.append({ step: 1, loss: 0.5 });
    await file.append({ step: 2, name: "a\nb" });
    await file.sync();
    expect(file.lines()).toBe(2);
    await file.close();
    expect(readFileSync(path, "utf8")).toBe('{"step":1,"loss":0.5}\n{"step":2,"name":"a\\nb"}\n');
  });

  it.each([
    ["a\nb\nc\n", 2, "a\nb\n", 2],
    ["a\nb\nc\n", 3, "a\nb\nc\n", 3],
    ["a\nb\nhalf a li", 3, "a\nb\n", 2], // the process died while it wrote
    ["a\nb\n", 0, "", 0],
    ["", 5, "", 0], // the file was removed or emptied in between
    ["€\nü\n", 1, "€\n", 1],
    [`${"x".repeat(200_000)}\ny\nz\n`, 2, `${"x".repeat(200_000)}\ny\n`, 2], // longer than one read
  ])("keeps whole lines only (case %#)", async (before, keep, after, lines) => {
    const path = fileWith(before);
    const file = await openMetricsFile(path, { keep });
    expect(file.lines()).toBe(lines);
    await file.append({});
    await file.close();
    expect(readFileSync(path, "utf8")).toBe(`${after}{}\n`);
  });

  it.skipIf(process.platform === "win32")("says when the disk takes no more", () => {
    const path = join(folder, "full.jsonl");
    const module = new URL("metrics-file.ts", import.meta.url).href;
    const source = `
      import { openMetricsFile } from ${JSON.stringify(module)};
      const file = await openMetricsFile(${JSON.stringify(path)}, { keep: 0 });
      await file.append({ text: "x".repeat(300) });
      await file.append({ text: "y".repeat(300) }).catch((error) => console.log(error.message));
      await file.close();`;
    const { stdout } = spawnSync(
      "sh",
      ["-c", 'ulimit -f 1 && exec "$0" --import tsx --input-type=module -e "$1"', process.execPath, source],
      { encoding: "utf8", env: { ...process.env, TSX_DISABLE_CACHE: "1" } },
    );
    expect(stdout).toBe(
      `${path} could not be written: the file is too large for this disk. Write elsewhere.\n`,
    );
    // what a resumed run cuts off
    expect(readFileSync(path, "utf8")).toMatch(/^\{"text":"x{300}"\}\n\{"text":"y+$/);
  });

  it("does not follow a link", async () => {
    const target = fileWith("precious");
    const path = join(folder, "link.jsonl");
    symlinkSync(target, path);
    await expect(openMetricsFile(path, { keep: 0 })).rejects.toThrow(
      new EngineError(
        `${path} could not be written: it is a symbolic link, which is not followed. Remove the link, or write elsewhere.`,
      ),
    );
    expect(readFileSync(target, "utf8")).toBe("precious");
  });

  it("says what stands in its way", async () => {
    const path = join(folder, "taken");
    mkdirSync(path);
    await expect(openMetricsFile(path, { keep: 0 })).rejects.toThrow(
      new EngineError(
        `${path} could not be written: there is a folder of that name. Remove it, or write elsewhere.`,
      ),
    );
  });
});

describe("readMetrics", () => {
  it("gives the records and skips other lines", async () => {
    const path = fileWith('{"a":1}\n\nnonsense\n{"b":2}\n{"c":');
    const records: unknown[] = [];
    for await (const record of readMetrics(path)) records.push(record);
    expect(records).toEqual([{ a: 1 }, { b: 2 }]);
  });

  it("refuses a file that is too large for a page", async () => {
    const path = fileWith("");
    truncateSync(path, 2 ** 28 + 1);
    await expect(readMetrics(path).next()).rejects.toThrow(
      new FileError(`${path} has 268435457 bytes; of at most 268435456 a page of curves is made.`),
    );
  });

  it("says that there is no file", async () => {
    const path = join(folder, "none.jsonl");
    await expect(readMetrics(path).next()).rejects.toThrow(`${path}: there is no such file.`);
  });
});
