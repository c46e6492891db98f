import { describe, expect, it } from "vitest";
import type { Model } from "../model/model.ts";
import { startHead } from "./start-head.ts";

const model = {
  ...{ id: "m", config: { classes: 3 }, labels: ["Ärger", "cat", "dog"], notes: [] },
  weights: new Map([
    ["head.weight", { shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
    ["head.bias", { shape: [3], data: Float32Array.of(10, 20, 30) }],
  ]),
} as unknown as Model;

describe("startHead", () => {
  it("takes the rows of the data's classes, however the letters of their names are stored", async () => {
    const head = await startHead(model, ["dog", "Ärger".normalize("NFD")]);
    expect(head.get("head.weight")).toEqual({ shape: [2, 2], data: Float32Array.of(5, 6, 1, 2) });
    expect(head.get("head.bias")).toEqual({ shape: [2], data: Float32Array.of(30, 10) });
  });

  it("refuses classes that the head does not have", async () => {
    await expect(startHead(model, ["cat", "owl"])).rejects.toThrow(
      'the head of m has no row for the class "owl"; it has 3: "Ärger", "cat", "dog".',
    );
  });
});
