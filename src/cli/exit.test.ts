import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CommanderError } from "commander";
import { describe, expect, it, vi } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
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

describe("handleSignals", () => {
  const folder = temporaryFolder("exit");
  const source = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  // A run of some seconds, in which the engine's thread hears nothing.
  const script = `
    import { handleSignals, interruption } from ${source("./exit.ts")};
    import { openEngine } from ${source("../engine/open-engine.ts")};
    import { matmul } from ${source("../graph/ops.ts")};
    import { input } from ${source("../graph/value.ts")};
    handleSignals();
    const engine = await openEngine({ threads: 1 });
    const x = input("x", [1024, 1024]);
    let y = x;
    for (let count = 0; count < 120; count++) y = matmul(y, x);
    const session = await engine.compile({ outputs: { y } });
    interruption.addEventListener("abort", () => console.log("interrupted"));
    const run = session.run({ x: new Float32Array(1024 * 1024) });
    console.log("running");
    await run;
    await engine.close();
    console.log("ended");
    process.exitCode = 130;`;

  /** The script amid its run, what it has printed, and how to wait for its next line. */
  async function running(): Promise<{ child: ChildProcess; lines: string[]; line: () => Promise<void> }> {
    await writeFile(join(folder, "package.json"), '{ "type": "module" }');
    const path = join(folder, "main.ts");
    await writeFile(path, script);
    const cwd = fileURLToPath(new URL("../..", import.meta.url));
    const child = spawn(process.execPath, ["--import", "tsx", path], { cwd });
    const lines: string[] = [];
    const line = async () => {
      const [bytes] = await once(child.stdout, "data");
      lines.push(...String(bytes).trim().split("\n"));
    };
    await line();
    return { child, lines, line };
  }

  const endOf = async (child: ChildProcess): Promise<unknown> => {
    await once(child, "exit");
    return child.signalCode ?? child.exitCode;
  };

  it.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("ends at the second %s, amid a run", async (signal) => {
    const { child, lines, line } = await running();
    child.kill(signal);
    await line();
    child.kill(signal);
    expect(await endOf(child)).toBe(signal);
    expect(lines).toEqual(["running", "interrupted"]);
  });

  it("lets the work end after the first", async () => {
    const { child, lines, line } = await running();
    const end = endOf(child);
    child.kill("SIGINT");
    await line();
    await line();
    expect(lines).toEqual(["running", "interrupted", "ended"]);
    expect(await end).toBe(130);
  });
});
