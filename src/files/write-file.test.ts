import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { EngineError, FileError, InputError } from "../errors.ts";
import { exists } from "./exists.ts";
import { readFailure, readProblem, writeProblem } from "./file-problem.ts";
import { writeFileAtomically } from "./write-file.ts";
import { writeFolderAtomically } from "./write-folder.ts";

const folder = temporaryFolder("write-file");

const systemError = (code: string): Error =>
  Object.assign(new Error(`${code}: as the system says it`), { code });

describe("writeFileAtomically", () => {
  it("writes text, bytes and chunks, and replaces what was there", async () => {
    const path = join(folder, "a.txt");
    await writeFileAtomically(path, "one");
    expect(readFileSync(path, "utf8")).toBe("one");
    await writeFileAtomically(path, Buffer.from("two"));
    expect(readFileSync(path, "utf8")).toBe("two");
    await writeFileAtomically(path, [Buffer.from("thr"), Buffer.from("ee")]);
    expect(readFileSync(path, "utf8")).toBe("three");
    expect(readdirSync(folder)).toEqual(["a.txt"]);
  });

  it("leaves the old file, and nothing beside it, when the data fails halfway", async () => {
    const path = join(folder, "a.txt");
    await writeFileAtomically(path, "old");
    async function* failing() {
      yield Buffer.from("new");
      throw systemError("ENOSPC");
    }
    await expect(writeFileAtomically(path, failing())).rejects.toThrow(
      new EngineError(`${path} could not be written: the disk is full. Free some space, or write elsewhere.`),
    );
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["a.txt"]);
  });

  it("says what stands in the way", async () => {
    const missing = join(folder, "missing", "a.txt");
    await expect(writeFileAtomically(missing, "")).rejects.toThrow(
      new EngineError(
        `${missing} could not be written: its folder does not exist. Make it, or write elsewhere.`,
      ),
    );
    const taken = join(folder, "taken");
    mkdirSync(taken);
    await expect(writeFileAtomically(taken, "")).rejects.toThrow(
      new EngineError(
        `${taken} could not be written: there is a folder of that name. Remove it, or write elsewhere.`,
      ),
    );
    const below = join(folder, "a.txt", "b.txt");
    await expect(writeFileAtomically(below, "")).rejects.toThrow(
      new EngineError(
        `${below} could not be written: part of its path is a file, not a folder. Write elsewhere.`,
      ),
    );
    expect(readdirSync(folder).sort()).toEqual(["a.txt", "taken"]);
  });
});

describe("writeFolderAtomically", () => {
  it("makes a folder whole, replaces an empty one, and refuses any other", async () => {
    const path = join(folder, "deep", "out");
    const fill = (text: string) => async (temporary: string) => writeFileSync(join(temporary, "f"), text);
    await writeFolderAtomically(path, fill("1"));
    expect(readFileSync(join(path, "f"), "utf8")).toBe("1");
    await expect(writeFolderAtomically(path, fill("2"))).rejects.toThrow(
      new InputError(`${path} is not empty. Name a new or an empty folder.`),
    );
    await writeFolderAtomically(path, fill("3"), { mayReplace: (names) => names.includes("f") });
    expect(readFileSync(join(path, "f"), "utf8")).toBe("3");
    expect(readdirSync(join(folder, "deep"))).toEqual(["out"]);
  });

  it("leaves the old folder, and nothing beside it, when filling fails", async () => {
    const path = join(folder, "deep", "out");
    const failing = () => Promise.reject(systemError("EACCES"));
    await expect(writeFolderAtomically(path, failing, { mayReplace: () => true })).rejects.toThrow(
      new EngineError(
        `${path} could not be written: writing is not allowed there. Change the permissions, or write elsewhere.`,
      ),
    );
    expect(readFileSync(join(path, "f"), "utf8")).toBe("3");
    expect(readdirSync(join(folder, "deep"))).toEqual(["out"]);
  });
});

describe("writeFolderAtomically, when a file in it fails", () => {
  it("names the file by its place", async () => {
    const path = join(folder, "deep", "named");
    const fill = (temporary: string) => writeFileAtomically(join(temporary, "none", "f"), "");
    await expect(writeFolderAtomically(path, fill)).rejects.toThrow(
      new EngineError(
        `${join(path, "none", "f")} could not be written: its folder does not exist. Make it, or write elsewhere.`,
      ),
    );
  });
});

describe("writeProblem", () => {
  it.each([
    ["ENOSPC", "x could not be written: the disk is full. Free some space, or write elsewhere."],
    ["EDQUOT", "x could not be written: the disk quota is used up. Free some space, or write elsewhere."],
    ["EFBIG", "x could not be written: the file is too large for this disk. Write elsewhere."],
    [
      "EACCES",
      "x could not be written: writing is not allowed there. Change the permissions, or write elsewhere.",
    ],
    [
      "EPERM",
      "x could not be written: writing is not allowed there. Change the permissions, or write elsewhere.",
    ],
    ["EROFS", "x could not be written: the disk is read-only. Write elsewhere."],
    ["EISDIR", "x could not be written: there is a folder of that name. Remove it, or write elsewhere."],
    ["EEXIST", "x could not be written: there is a file of that name. Remove it, or write elsewhere."],
    ["ENAMETOOLONG", "x could not be written: the name is too long. Choose a shorter one."],
    ["ERR_INVALID_ARG_VALUE", "x could not be written: its name holds a zero byte. Choose another one."],
    ["EIO", "x could not be written: the disk failed (EIO). Check the disk."],
  ])("explains %s", (code, message) => {
    expect(writeProblem(systemError(code), "x")).toEqual(new EngineError(message));
  });

  it("passes on what it does not know", () => {
    const cause = systemError("EWHATEVER");
    expect(writeProblem(cause, "x")).toBe(cause);
    expect(writeProblem("text", "x")).toBe("text");
  });
});

const readings: readonly [code: string, name: string, why: string][] = [
  ["EACCES", "FileError", "no permission to read it."],
  ["EPERM", "FileError", "no permission to read it."],
  ["EISDIR", "FileError", "it is a folder; a file is needed."],
  ["ELOOP", "FileError", "its link leads in a circle."],
  ["ENAMETOOLONG", "FileError", "its name is too long."],
  ["ERR_INVALID_ARG_VALUE", "FileError", "its name holds a zero byte."],
  ["EIO", "EngineError", "the disk failed (EIO). Check the disk."],
  ["ENOMEM", "EngineError", "there is no memory left."],
  ["EMFILE", "EngineError", "too many files are open. Raise the limit with ulimit -n."],
  ["ENFILE", "EngineError", "too many files are open on this machine."],
];

describe("readProblem and readFailure", () => {
  it.each(readings)("explain %s alike", (code, name, why) => {
    const told = { name, message: `x cannot be read: ${why}` };
    expect(readProblem(systemError(code), "x")).toMatchObject(told);
    expect(readFailure("x", systemError(code))).toMatchObject(told);
  });

  it.each(["ENOENT", "ENOTDIR"])("differ in who named what is missing: %s", (code) => {
    expect(readProblem(systemError(code), "x")).toEqual(new InputError("x: there is no such file."));
    expect(readFailure("x", systemError(code))).toEqual(new FileError("x cannot be read: no such file."));
  });

  it("differ in what they do not know", () => {
    const cause = systemError("EWHATEVER");
    expect(readProblem(cause, "x")).toBe(cause);
    expect(readFailure("x", cause)).toEqual(new FileError("x cannot be read: EWHATEVER."));
    const ours = new FileError("x is odd.");
    expect(readProblem(ours, "x")).toBe(ours);
  });
});

describe("exists", () => {
  it("says no only where there is nothing", async () => {
    const path = join(folder, "exists");
    writeFileSync(path, "");
    expect(await exists(path)).toBe(true);
    expect(await exists(join(folder, "nothing"))).toBe(false);
    expect(await exists(join(path, "below"))).toBe(false);
    const loop = join(folder, "loop");
    symlinkSync("loop", loop);
    await expect(exists(loop)).rejects.toThrow(
      new FileError(`${loop} cannot be read: its link leads in a circle.`),
    );
  });
});

describe("writeFileAtomically to a link", () => {
  it("replaces the link, not what it leads to", async () => {
    const [target, link] = [join(folder, "target"), join(folder, "link")];
    writeFileSync(target, "precious");
    symlinkSync(target, link);
    await writeFileAtomically(link, "new");
    expect(readFileSync(link, "utf8")).toBe("new");
    expect(readFileSync(target, "utf8")).toBe("precious");
  });
});
