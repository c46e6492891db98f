/** Readers that do what none may do, for the test that each of it is noticed. */

import { spawn } from "node:child_process";
import type { FuzzCase } from "../scripts/fuzz/fuzz-case.ts";
import { InputError } from "../src/errors.ts";

const kept: Uint8Array[] = [];

const fault = (name: string, run: FuzzCase["run"]): FuzzCase => ({
  ...{ name, readers: [], form: "text", share: 1, corpus: async () => ["sound"] },
  run,
});

export const cases: readonly FuzzCase[] = [
  fault("sound", () => {
    throw new InputError("no");
  }),
  fault("foreign", () => {
    throw new TypeError("not ours");
  }),
  fault("slow", () => {
    for (const began = process.cpuUsage(); process.cpuUsage(began).user < 2.1e6; );
  }),
  fault("leak", () => {
    kept.push(new Uint8Array(2 ** 20).fill(1));
  }),
  fault("hang", () => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0); // as a loop, but it leaves the processor to others
  }),
  fault("crash", () => process.kill(process.pid, "SIGSEGV") as unknown as undefined),
  fault("child", () => {
    spawn(process.execPath, ["-e", "setTimeout(() => {}, 20_000)"], { stdio: "ignore" }).unref();
  }),
];
