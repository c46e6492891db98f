import { mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { InputError } from "../errors.ts";
import { checkNewFolder, checkReportFile, checkRunFolder } from "./check-output-paths.ts";

const root = temporaryFolder("check-out");
const at = (path: string) => join(root, path);

beforeAll(async () => {
  for (const folder of ["data/rose", "empty", "run/adapter", "begun", "mine"])
    await mkdir(at(folder), { recursive: true });
  for (const file of [
    "file",
    "run/run.json",
    "run/my-notes.txt",
    "begun/run.lock",
    "begun/.run.json.1.tmp",
    "mine/thesis.txt",
  ])
    await writeFile(at(file), "");
  await symlink(at("data"), at("link"));
  await symlink(at("loop"), at("loop"));
});

/** The message of the refusal; nothing where there is none. */
async function refusal(check: Promise<void>): Promise<string | undefined> {
  const error = await check.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (error === undefined) return undefined;
  if (!(error instanceof InputError)) throw error;
  return error.message.replaceAll(root, "ROOT");
}

describe("checkRunFolder", () => {
  it.each(["new", "new/and/deeper", "empty", "run", "begun", "data-2"])("takes %s", async (out) => {
    expect(await refusal(checkRunFolder(at(out), { data: at("data") }))).toBeUndefined();
  });

  it("takes a folder beside the CSV file that names the data", async () => {
    expect(await refusal(checkRunFolder(at("new"), { data: at("labels.csv") }))).toBeUndefined();
  });

  const inside = "where it would be taken for a class. Name a folder elsewhere with out.";
  it.each([
    ["mine", "ROOT/mine is not empty and holds no run. Name a new folder with out."],
    ["file", "ROOT/file is a file, or below one; out names a folder."],
    ["file/run", "ROOT/file/run is a file, or below one; out names a folder."],
    ["data/run", `ROOT/data/run lies inside the data ROOT/data, ${inside}`],
    ["data/rose", `ROOT/data/rose lies inside the data ROOT/data, ${inside}`],
    ["link/a/b", `ROOT/link/a/b lies inside the data ROOT/data, ${inside}`],
  ])("refuses %s", async (out, message) => {
    expect(await refusal(checkRunFolder(at(out), { data: at("data") }))).toBe(message);
  });
});

describe.skipIf(process.platform === "win32")("a link that leads in a circle", () => {
  it.each([
    ["the run's folder", () => checkRunFolder(at("loop"), { data: at("data") })],
    ["a folder in it", () => checkRunFolder(at("loop/run"), { data: at("data") })],
    ["the data", () => checkRunFolder(at("new"), { data: at("loop") })],
    ["a new folder", () => checkNewFolder(at("loop"))],
    ["a report", () => checkReportFile(at("loop/report.html"))],
  ])("is named where it is %s", async (_, check) => {
    await expect(check()).rejects.toThrow(/loop(\/\S+)? cannot be read: its link leads in a circle\.$/);
  });
});

describe("checkNewFolder", () => {
  it("refuses no name at all", async () => {
    expect(await refusal(checkNewFolder(""))).toBe('out must name a folder, got "".');
  });

  it.each([
    ["new", undefined],
    ["empty", undefined],
    ["mine", "ROOT/mine is not empty. Name a new or an empty folder."],
    ["file", "ROOT/file is a file, or below one; out names a folder."],
  ])("answers for %s", async (out, message) => {
    expect(await refusal(checkNewFolder(at(out)))).toBe(message);
  });
});

describe("checkReportFile", () => {
  it.each([
    ["report.html", undefined],
    [
      "file",
      "report writes an HTML page and overwrites the file; its name must end in .html, got ROOT/file.",
    ],
    ["mine", "ROOT/mine is a folder; report names a file."],
    ["new/report.html", "ROOT/new/report.html: there is no folder ROOT/new. Make it, or write elsewhere."],
  ])("answers for %s", async (path, message) => {
    expect(await refusal(checkReportFile(at(path)))).toBe(message);
  });
});
