import { describe, expect, it } from "vitest";
import { adaptedGraph, tiny } from "../../test/tiny-vit.ts";
import { printGraph } from "../graph/print.ts";
import { backboneOf } from "../model/architectures.ts";
import { chooseMethod } from "./methods.ts";

describe("linear", () => {
  const { adaptation } = chooseMethod({ name: "linear", options: {} }, "test");

  it("trains nothing but the head", () => {
    expect(adaptation.trainables(backboneOf(tiny))).toEqual([]);
  });

  it("leaves the logits as they are", () => {
    const [plain, probed] = [{}, { adaptation }].map((options) => {
      const { logits } = adaptedGraph({ config: tiny, batch: 1, ...options });
      return printGraph({ outputs: { logits } });
    });
    expect(probed).toBe(plain);
  });
});
