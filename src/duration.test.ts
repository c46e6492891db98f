import { describe, expect, it } from "vitest";
import { renderClock, renderDuration } from "./duration.ts";

describe("renderDuration", () => {
  it.each([
    [0, "0.0 s"],
    [420, "0.4 s"],
    [9_949, "9.9 s"],
    [9_960, "10 s"],
    [59_499, "59 s"],
    [59_500, "1 min 00 s"],
    [185_000, "3 min 05 s"],
    [3_599_600, "1 h 00 min"],
    [7_620_000, "2 h 07 min"],
    [86_400_000, "1 d 00 h"],
    [273_600_000, "3 d 04 h"],
    [-1, "?"],
    [Number.POSITIVE_INFINITY, "?"],
    [Number.NaN, "?"],
  ])("says %d ms as %s", (milliseconds, text) => {
    expect(renderDuration(milliseconds)).toBe(text);
  });
});

describe("renderClock", () => {
  it.each([
    [0, "0:00"],
    [3_600, "0:04"],
    [185_000, "3:05"],
    [3_599_600, "1:00:00"],
    [7_629_000, "2:07:09"],
    [Number.NaN, "?"],
  ])("gives %d ms as %s", (milliseconds, text) => {
    expect(renderClock(milliseconds)).toBe(text);
  });
});
