/** The Describable Textures Dataset: a stand-in, read as VTAB reads it, and damaged ones. */

import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { dtdTasks } from "../../scripts/vtab/dtd.ts";
import type { VtabTask } from "../../scripts/vtab/task.ts";
import { FileError, InputError } from "../../src/errors.ts";
import { copyStandIn, expectedOf, open, rowsOf, standInOf } from "./stand-in.ts";

const [task] = dtdTasks as [VtabTask];

/** A copy in which a list is another. */
function copyWith(list: string, change: (text: string) => string): string {
  const copy = copyStandIn("dtd", "dtd");
  const path = join(copy, "labels", list);
  writeFileSync(path, change(readFileSync(path, "utf8")));
  return copy;
}

describe("DTD", () => {
  it("gives files as VTAB does", async () => {
    expect(await rowsOf(task, join(standInOf("dtd"), "dtd"))).toEqual(expectedOf("dtd"));
  });

  it("reads lists with the line ends of Windows", async () => {
    const copy = copyWith("val1.txt", (text) => text.replaceAll("\n", "\r\n"));
    expect(await rowsOf(task, copy)).toEqual(expectedOf("dtd"));
  });

  it("names a list that is missing", async () => {
    const copy = copyStandIn("dtd", "dtd");
    rmSync(join(copy, "labels", "test1.txt"));
    await expect(open(task, copy)).rejects.toThrow(InputError);
    await expect(open(task, copy)).rejects.toThrow("test1.txt: there is no such file.");
  });

  it("names an image that is missing", async () => {
    const folder = copyStandIn("dtd", "dtd");
    const [gone] = readFileSync(join(folder, "labels", "test1.txt"), "utf8").split("\n");
    const image = join(folder, "images", gone ?? "");
    rmSync(image);
    await expect(open(task, folder)).rejects.toThrow(
      `${image}: there is no such file, but it is in a list of labels. Extract dtd-r1.0.1.tar.gz again, whole.`,
    );
  });

  it.each<[string, string, (text: string) => string, string]>([
    ["empty", "train1.txt", () => "", "name 31 classes; 47"],
    ["blank", "train1.txt", () => "\n", 'train1.txt, line 1: "" is no image'],
    ["cut", "test1.txt", (text) => text.slice(0, -7), 'test1.txt, line 15: "'],
    ["outside", "val1.txt", (text) => `${text}../../secret.jpg\n`, 'line 17: "../../secret.jpg" is no image'],
    ["with another class", "val1.txt", (text) => `${text}plain/plain_0001.jpg\n`, "name 48 classes; 47"],
    ["without a class", "val1.txt", (text) => text.slice(text.indexOf("\n") + 1), "name 46 classes; 47"],
  ])("refuses a list that is %s", async (_, list, change, message) => {
    const problem = await open(task, copyWith(list, change)).catch((error: unknown) => error);
    expect(problem).toBeInstanceOf(FileError);
    expect((problem as Error).message).toContain(message);
  });
});
