import { describe, expect, it } from "vitest";
import { tiny } from "../../test/tiny-vit.ts";
import { input } from "../graph/value.ts";
import { chooseMethod } from "./methods.ts";

describe("linear", () => {
  const { adaptation } = chooseMethod("linear", {}, "test");

  it("trains nothing but the head", () => {
    expect(adaptation.trainables(tiny)).toEqual([]);
  });

  it("leaves every weight as it is", () => {
    const weight = input("blocks.0.q.weight", [16, 16]);
    const weights = adaptation.adapt(
      () => weight,
      (name) => {
        throw new Error(`asked for ${name}`);
      },
    );
    expect(weights("blocks.0.q.weight")).toBe(weight);
  });
});
