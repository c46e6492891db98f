import { CommanderError } from "commander";
import { describe, expect, it, vi } from "vitest";
import { EngineError, FileError, GraphError, InputError, RlrrError } from "../errors.ts";
import { exitCodeOf, Interrupted, showError } from "./exit.ts";

describe("exitCodeOf", () => {
  it.each([
    [new InputError("x"), 2],
    [new FileError("x"), 2],
    [new CommanderError(1, "commander.unknownOption", "error: x"), 2],
    [new CommanderError(0, "commander.helpDisplayed", "(outputHelp)"), 0],
    [new EngineError("x"), 1],
    [new GraphError("x"), 1],
    [new RlrrError("x"), 1],
    [new TypeError("x"), 1],
    ["x", 1],
    [new Interrupted("x"), 130],
  ])("of %o is %d", (error, code) => {
    expect(exitCodeOf(error)).toBe(code);
  });
});

describe("showError", () => {
  /** What is printed about an error. */
  async function shown(error: unknown, json = false) {
    const printed = { stdout: "", stderr: "" };
    const spies = (["stdout", "stderr"] as const).map((name) =>
      vi.spyOn(process[name], "write").mockImplementation((text, ...rest: unknown[]) => {
        printed[name] += String(text);
        for (const done of rest) if (typeof done === "function") done();
        return true;
      }),
    );
    await showError(error, { json });
    for (const spy of spies) spy.mockRestore();
    return printed;
  }

  it("is one message where the user or the machine must act", async () => {
    expect(await shown(new InputError("Give --model."))).toEqual({
      stdout: "",
      stderr: "error: Give --model.\n",
    });
    expect(await shown(new EngineError("The disk is full."))).toEqual({
      stdout: "",
      stderr: "error: The disk is full.\n",
    });
  });

  it("is a line of JSON too for a program", async () => {
    expect(await shown(new FileError("It is cut short."), true)).toEqual({
      stdout: '{"type":"error","code":"FILE","message":"It is cut short."}\n',
      stderr: "error: It is cut short.\n",
    });
  });

  it("is a stack only for a bug of ours", async () => {
    const { stdout, stderr } = await shown(new TypeError("x is not a function"), true);
    expect(stderr).toMatch(
      /^internal: TypeError: x is not a function\n {4}at [\s\S]*\nThis is a bug; please report it\.\n$/,
    );
    expect(stdout).toBe('{"type":"error","code":"INTERNAL","message":"x is not a function"}\n');
  });

  it("says of an interruption what was saved", async () => {
    expect(await shown(new Interrupted("The state is saved."), true)).toEqual({
      stdout: "",
      stderr: "The state is saved.\n",
    });
  });

  it("leaves to Commander what Commander has said", async () => {
    expect(await shown(new CommanderError(1, "commander.unknownOption", "error: x"))).toEqual({
      stdout: "",
      stderr: "",
    });
  });
});
