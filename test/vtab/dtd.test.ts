/** The Describable Textures Dataset: a stand-in, read as VTAB reads it, and damaged ones. */

import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { dtdTasks } from "../../scripts/vtab/dtd.ts";
import type { VtabTask } from "../../scripts/vtab/task.ts";
import { FileError, InputError } from "../../src/errors.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { readExpected, rowsInOrder, standIn } from "./rows-in-order.ts";

const scratch = temporaryFolder("dtd");
const [task] = dtdTasks as [VtabTask];
const openIn = (folder: string) => {
  if (!task.originals) throw new Error("no originals");
  return task.originals.open(folder);
};
const folder = join(standIn("dtd"), "dtd");

/** A copy in which a list is another. */
function copyWith(name: string, list: string, change: (text: string) => string): string {
  const copy = join(scratch, name);
  cpSync(folder, copy, { recursive: true });
  const path = join(copy, "labels", list);
  writeFileSync(path, change(readFileSync(path, "utf8")));
  return copy;
}

describe("DTD", () => {
  it("gives files as VTAB does", async () => {
    expect(await rowsInOrder(await openIn(folder))).toEqual(readExpected("dtd"));
  });

  it("reads lists with the line ends of Windows", async () => {
    const copy = copyWith("windows", "val1.txt", (text) => text.replaceAll("\n", "\r\n"));
    expect(await rowsInOrder(await openIn(copy))).toEqual(readExpected("dtd"));
  });

  it("names a list that is missing", async () => {
    const copy = copyWith("missing", "test1.txt", String);
    rmSync(join(copy, "labels", "test1.txt"));
    await expect(openIn(copy)).rejects.toThrow(InputError);
    await expect(openIn(copy)).rejects.toThrow("test1.txt: there is no such file.");
  });

  it.each<[string, string, (text: string) => string, string]>([
    ["empty", "train1.txt", () => "", 'train1.txt, line 1: "" is no image'],
    ["cut", "test1.txt", (text) => text.slice(0, -7), 'test1.txt, line 15: "'],
    ["outside", "val1.txt", (text) => `${text}../../secret.jpg\n`, 'line 17: "../../secret.jpg" is no image'],
    ["with another class", "val1.txt", (text) => `${text}plain/plain_0001.jpg\n`, "name 48 classes; 47"],
    ["without a class", "val1.txt", (text) => text.slice(text.indexOf("\n") + 1), "name 46 classes; 47"],
  ])("refuses a list that is %s", async (name, list, change, message) => {
    const problem = await openIn(copyWith(name, list, change)).catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(FileError);
    expect((problem as Error).message).toContain(message);
  });
});
