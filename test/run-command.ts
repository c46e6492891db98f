/** Runs `rlrr`: here, in this process, or as a program of its own. */

import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { vi } from "vitest";
import { runProgram } from "../src/cli/program.ts";

export interface Ran {
  /** The exit code; null where a signal ended the process. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the command in this process and catches what it prints. */
export async function runHere(...args: readonly string[]): Promise<Ran> {
  const printed = { stdout: "", stderr: "" };
  const catching = (["stdout", "stderr"] as const).map((name) =>
    vi.spyOn(process[name], "write").mockImplementation((text, ...rest: unknown[]) => {
      printed[name] += String(text);
      for (const done of rest) if (typeof done === "function") done();
      return true;
    }),
  );
  try {
    const code = await runProgram(args);
    return { code, stdout: printed.stdout, stderr: withoutProgress(printed.stderr) };
  } finally {
    for (const spy of catching) spy.mockRestore();
  }
}

/** A machine under load shows how far it is, a quick one does not; what is said besides is the same. */
const withoutProgress = (text: string): string => text.replace(/^[a-z ]+: \d+ %, .*\n/gm, "");

const program = fileURLToPath(new URL("../bin/rlrr.mjs", import.meta.url));

/** Starts the program; the caller may send it signals or stop reading. */
export const start = (args: readonly string[], cwd?: string): ChildProcessWithoutNullStreams =>
  spawn(process.execPath, [program, ...args], { cwd, stdio: "pipe" });

/** Waits for the end of a program that was started. */
export async function ending(child: ChildProcessWithoutNullStreams): Promise<Ran> {
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const)
    child[name].on("data", (bytes: Buffer) => {
      printed[name] += bytes.toString();
    });
  const code = await new Promise<number | null>((done) => child.on("close", done));
  return { code, stdout: printed.stdout, stderr: withoutProgress(printed.stderr) };
}
