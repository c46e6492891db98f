import { describe, expect, it } from "vitest";
import { runHere } from "./run-command.ts";

const commands = [
  "",
  "demo",
  "train",
  "zero-shot",
  "evaluate",
  "relabel",
  "predict",
  "merge",
  "combine",
  "push",
  "export",
  "pack",
  "inspect",
  "analyze",
  "methods",
  "study",
  "worker",
  "bench",
  "bench step",
];

describe("help", () => {
  it.each(commands)("of rlrr %s", async (command) => {
    const args = command.split(" ").filter(Boolean);
    const { code, stdout, stderr } = await runHere(...args, "--help");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    await expect(stdout).toMatchFileSnapshot(`help/${["rlrr", ...args].join("-")}.txt`);
  });

  it("names every command", async () => {
    const { stdout } = await runHere("--help");
    for (const [, name] of stdout.matchAll(/^ {2}(\w+) +(?:\[options\]|\w)/gm))
      if (name !== "help" && name !== "rlrr") expect(commands).toContain(name);
  });

  it("comes on stderr where a command is missing", async () => {
    const [help, none] = [await runHere("--help"), await runHere()];
    expect(none).toEqual({ code: 2, stdout: "", stderr: help.stdout });
  });
});

describe("version", () => {
  it("is the package's", async () => {
    const { code, stdout } = await runHere("--version");
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\S*\n$/) });
  });
});
