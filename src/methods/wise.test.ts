import { describe, expect, it } from "vitest";
import {
  adaptationOf,
  countOf,
  frozenFeeds,
  logitsOf,
  rowsOf,
  startFeeds,
  vitB16,
} from "../../test/tiny-methods.ts";
import { settleTraining } from "../train/settle.ts";
import { wise } from "./wise.ts";

const data = { labels: Array.from({ length: 400 }, (_, at) => at % 4), valExamples: 40 };

describe("WiSE-FT", () => {
  const adaptation = adaptationOf("wise");

  it("trains what full fine-tuning trains", () => {
    expect(countOf(adaptation, vitB16)).toBe(85_798_656);
    expect(rowsOf(adaptation)).toEqual(rowsOf(adaptationOf("full")));
  });

  it("starts at the pre-trained model exactly", () => {
    const feeds = { ...frozenFeeds, ...startFeeds(adaptation) };
    expect(logitsOf(feeds, adaptation)).toEqual(logitsOf(frozenFeeds));
  });

  it.each(["default", "official"] as const)("keeps half of the way by the recipe %s", (name) => {
    const blendOf = (method: string, blend?: number) =>
      settleTraining({ method: { name: method }, recipe: { name, ...(blend && { blend }) }, data }).recipe
        .blend;
    expect(blendOf("wise")).toBe(0.5);
    expect(blendOf("full")).toBe(1);
    expect(blendOf("wise", 0.8)).toBe(0.8);
  });

  it("says so", () => {
    const { reasons } = settleTraining({ method: { name: wise }, data });
    expect(reasons).toContain(
      "Recipe: keeps weights 0.5 of the way from a linear probe to what was trained: so the method has it.",
    );
  });
});
