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
    const began = process.cpuUsage();
    for (let spent = 0; spent < 2.1e6; ) {
      const { user, system } = process.cpuUsage(began);
      spent = user + system;
    }
  }),
  fault("leak", () => {
    kept.push(new Uint8Array(2 ** 20).fill(1));
  }),
  fault("hang", () => {
    for (;;);
  }),
  fault("crash", () => process.kill(process.pid, "SIGSEGV") as unknown as undefined),
  fault("child", () => {
    spawn(process.execPath, ["-e", "setTimeout(() => {}, 20_000)"], { stdio: "ignore" }).unref();
  }),
];
