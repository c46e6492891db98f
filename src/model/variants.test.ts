import { describe, expect, it } from "vitest";
import { InputError } from "../errors.ts";
import { sizeOf } from "../formats/tensor.ts";
import { backboneOf, isVariant } from "./architectures.ts";
import { inferHeads, type VitVariantName, vitVariants } from "./variants.ts";

describe("variants", () => {
  // Parameters without a head, as timm counts them (num_classes=0).
  it.each<[VitVariantName, number]>([
    ["vit-ti16", 5_524_416],
    ["vit-s16", 21_665_664],
    ["vit-b16", 85_798_656],
    ["vit-b32", 87_455_232],
    ["vit-l16", 303_301_632],
    ["vit-h14", 630_764_800],
  ])("%s has the published number of parameters", (name, count) => {
    const sizes = [...backboneOf(vitVariants[name]).shapes.values()].map(sizeOf);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(count);
  });

  it("knows its names, and no other", () => {
    expect(isVariant("vit-b16")).toBe(true);
    expect(isVariant("toString")).toBe(false);
  });
});

describe("inferHeads", () => {
  it("takes the published number, and 64 columns a head where none is", () => {
    expect([192, 384, 768, 1024, 1280].map((width) => inferHeads(width, "X"))).toEqual([3, 6, 12, 16, 16]);
    expect([1152, 1408, 1664].map((width) => inferHeads(width, "X"))).toEqual([16, 16, 16]);
    expect(inferHeads(256, "X")).toBe(4);
    expect(() => inferHeads(100, "X")).toThrow(
      new InputError(
        "X: width 100 is not a multiple of 64, so the number of heads cannot be inferred. Give it as heads.",
      ),
    );
  });
});
