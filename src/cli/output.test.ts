import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { renderMessage, renderText } from "./output.ts";

const folder = mkdtempSync(join(tmpdir(), "rlrr-output-"));
afterAll(() => rmSync(folder, { recursive: true }));
const program = fileURLToPath(new URL("../../bin/rlrr.mjs", import.meta.url));

/** What a shell makes of a command line in which $RLRR is this program. */
function shell(line: string) {
  const env = { ...process.env, TSX_DISABLE_CACHE: "1" };
  const rlrr = `"${process.execPath}" "${program}"`;
  const { status, stderr } = spawnSync("sh", ["-c", line.replaceAll("$RLRR", rlrr)], {
    cwd: folder,
    encoding: "utf8",
    env,
  });
  return { status, stderr };
}

describe.skipIf(process.platform === "win32")("a standard output that takes no more", () => {
  const full =
    "error: standard output could not be written: the disk is full. Free some space, or write elsewhere.\n";

  it
    .skipIf(process.platform !== "linux")
    .each(["inspect vit-b16 --json", "inspect vit-b16", "--help", "inspect --help", "--version"])(
    "fails rlrr %s, in a sentence",
    (args) => {
      expect(shell(`$RLRR ${args} > /dev/full`)).toEqual({ status: 1, stderr: full });
    },
  );

  it("fails where only the beginning fits", () => {
    // 8 blocks of 512 bytes (POSIX; 1,024 in some shells) of far more.
    const { status, stderr } = shell("ulimit -f 8; $RLRR inspect vit-h14 --tensors --json > cut.json");
    expect(stderr).toBe(
      "error: standard output could not be written: the file is too large for this disk. Write elsewhere.\n",
    );
    expect(status).toBe(1);
    expect(statSync(join(folder, "cut.json")).size).toBeGreaterThan(0);
  });

  it("is written whole where there is room", () => {
    expect(shell("$RLRR inspect vit-h14 --tensors --json > whole.json")).toEqual({ status: 0, stderr: "" });
    expect(JSON.parse(readFileSync(join(folder, "whole.json"), "utf8")).tensors.length).toBeGreaterThan(100);
  });
});

describe("renderMessage", () => {
  it.each([
    ["a\u001b[2Jb", "a\ufffd[2Jb"],
    ["a\rb\u009bc", "a\ufffdb\ufffdc"],
    ["\u202egpj.exe\u2066\u200f", "\ufffdgpj.exe\ufffd\ufffd"],
  ])("keeps %j from controlling the terminal", (message, shown) => {
    expect(renderMessage(message)).toBe(shown);
  });

  it("indents what follows a line break, so that no name can pass for a message", () => {
    expect(renderMessage("error: a\nDone in 3 s.\n  b")).toBe("error: a\n  Done in 3 s.\n  b");
  });

  it("breaks at spaces, never inside a word", () => {
    expect(renderMessage("One two three.\n  four five six", { columns: 10 }).split("\n")).toEqual([
      "One two",
      "  three.",
      "  four",
      "  five",
      "  six",
    ]);
    const path = "/a/path/that/is/longer/than/the/terminal";
    expect(renderMessage(`See ${path}.`, { columns: 20 })).toBe(`See\n  ${path}.`);
  });
});

describe("renderText", () => {
  it("breaks sentences at spaces, and the values of facts below each other", () => {
    const text = [
      "Rows are the classes, columns the guesses:",
      "  notes    The files are found in train.",
      "           3 of 9 images are in no list.",
      "- 2 images are small. Check them.",
    ].join("\n");
    expect(renderText(text, { columns: 24 }).split("\n")).toEqual([
      "Rows are the classes,",
      "  columns the guesses:",
      ...["  notes    The files", "           are found in", "           train."],
      ...["           3 of 9", "           images are", "           in no list."],
      ...["- 2 images are small.", "  Check them."],
    ]);
  });

  it("leaves the rows of a table whole, a path too, and everything where nobody knows the width", () => {
    const row = "class  images  precision  recall";
    expect(renderText(row, { columns: 20 })).toBe(row);
    expect(renderText("Adapter: runs/a-long-name/adapter", { columns: 20 })).toBe(
      "Adapter:\n  runs/a-long-name/adapter",
    );
    expect(renderText("a b c", {})).toBe("a b c");
  });

  it("keeps control characters from the terminal", () => {
    expect(renderText("a\u001b[31mb", { columns: 80 })).toBe("a\ufffd[31mb");
  });
});
