import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { abortable, onAbort } from "./abortable.ts";

const never = new Promise<never>(() => {});

describe("abortable", () => {
  it("gives the result, the failure, or the signal's reason, whichever is first", async () => {
    const stop = new AbortController();
    expect(await abortable(Promise.resolve(7), stop.signal)).toBe(7);
    expect(await abortable(Promise.resolve(7), undefined)).toBe(7);
    await expect(abortable(Promise.reject(new Error("failed")), stop.signal)).rejects.toThrow("failed");
    const waiting = [abortable(never, stop.signal), abortable(never, stop.signal)];
    stop.abort(new Error("enough"));
    for (const one of waiting) await expect(one).rejects.toThrow("enough");
    await expect(abortable(never, stop.signal)).rejects.toThrow("enough");
  });

  it("listens once, however many wait, and not when none does", async () => {
    const { signal } = new AbortController();
    const listening = () => getEventListeners(signal, "abort").length;
    let finish = (_: number) => {};
    const slow = new Promise<number>((resolve) => {
      finish = resolve;
    });
    const waiting = Array.from({ length: 50 }, () => abortable(slow, signal));
    expect(listening()).toBe(1);
    await abortable(Promise.resolve(), signal);
    expect(listening()).toBe(1);
    finish(3);
    expect(await Promise.all(waiting)).toEqual(Array(50).fill(3));
    await new Promise(setImmediate);
    expect(listening()).toBe(0);
    const again = abortable(slow, signal);
    expect(listening()).toBe(1);
    await again;
  });
});

describe("onAbort", () => {
  it("calls each once, also the same function given twice, but none that was forgotten", () => {
    const stop = new AbortController();
    const calls: string[] = [];
    const twice = () => void calls.push("twice");
    onAbort(stop.signal, twice);
    onAbort(stop.signal, twice);
    const forget = onAbort(stop.signal, () => void calls.push("forgotten"));
    forget();
    forget();
    stop.abort();
    expect(calls).toEqual(["twice", "twice"]);
    onAbort(stop.signal, () => void calls.push("late"));
    expect(calls).toEqual(["twice", "twice", "late"]);
  });
});
