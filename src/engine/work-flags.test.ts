import { afterEach, describe, expect, it, vi } from "vitest";
import { limits } from "../limits.ts";
import { beginWork, newWorkFlags, unwatchExit, watchExit } from "./work-flags.ts";

afterEach(() => vi.restoreAllMocks());

describe("the exit of a process", () => {
  it("waits for all engines together no longer than for one", () => {
    const before = process.listeners("exit");
    const engines = [newWorkFlags(), newWorkFlags(), newWorkFlags()];
    for (const flags of engines) {
      beginWork(flags);
      watchExit(flags);
    }
    let now = 1000;
    const waits: unknown[] = [];
    vi.spyOn(performance, "now").mockImplementation(() => now);
    vi.spyOn(Atomics, "wait").mockImplementation((...given: unknown[]) => {
      waits.push(given[3]);
      now += Number(given[3]) * 0.75; // the first two end in time
      return "ok";
    });
    const [finishWork] = process.listeners("exit").filter((listener) => !before.includes(listener));
    finishWork?.(0);
    const whole = limits.WORK_PATIENCE_MS.value;
    expect(waits).toEqual([whole, whole / 4, whole / 16]);
    for (const flags of engines) expect(beginWork(flags)).toBe(false);
    for (const flags of engines) unwatchExit(flags);
    expect(process.listeners("exit")).toEqual(before);
  });
});
