import { describe, expect, it } from "vitest";
import { keptParameter, noteStart } from "./blend.ts";

const moments = () => ({
  ...{ parameter: Float32Array.of(1, 2), first: new Float32Array(2), second: new Float32Array(2) },
});

describe("a blend", () => {
  it("is so far between start and parameter", () => {
    const state = noteStart(new Map([["w", moments()]]), 0.25);
    const w = state.get("w");
    if (!w) throw new Error("no w");
    w.parameter.set([5, -2]);
    expect(keptParameter(w, 0.25)).toEqual(Float32Array.of(2, 1));
    expect(w.start).toEqual(Float32Array.of(1, 2));
  });

  it("of 1 notes no start and is the parameter itself", () => {
    const state = new Map([["w", moments()]]);
    expect(noteStart(state, 1)).toBe(state);
    const w = moments();
    expect(keptParameter(w, 1)).toBe(w.parameter);
  });
});
