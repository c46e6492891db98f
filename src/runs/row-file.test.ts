import { truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { FileError } from "../errors.ts";
import { exists } from "../files/exists.ts";
import { needed } from "../needed.ts";
import { rowsInFile } from "./row-file.ts";

const folder = temporaryFolder("row-file");

describe("rowsInFile", () => {
  it("gives back what was written, over what a killed run left, and removes it", async () => {
    const path = join(folder, "rows");
    await writeFile(path, "left over");
    const store = needed(await rowsInFile(path)({ rows: 3, width: 2 }), "store");
    await store.write(2, Float32Array.of(5, 6));
    await store.write(0, Float32Array.of(1, 2));
    const row = new Float32Array(4);
    await store.read(2, row.subarray(0, 2));
    await store.read(0, row.subarray(2));
    expect([...row]).toEqual([5, 6, 1, 2]);
    await store.close();
    expect(await exists(path)).toBe(false);
  });

  it("opens nothing where the disk has no room", async () => {
    const path = join(folder, "huge");
    expect(await rowsInFile(path)({ rows: 2 ** 40, width: 2 ** 10 })).toBeUndefined();
    expect(await exists(path)).toBe(false);
  });

  it("says when the file was cut off", async () => {
    const path = join(folder, "cut");
    const store = needed(await rowsInFile(path)({ rows: 1, width: 2 }), "store");
    await store.write(0, Float32Array.of(1, 2));
    await truncate(path, 5);
    await expect(store.read(0, new Float32Array(2))).rejects.toThrow(
      new FileError(`${path}: row 0 is cut off. Something else has changed the file.`),
    );
    await store.close();
  });
});
