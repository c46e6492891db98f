import { describe, expect, it } from "vitest";
import { tiny } from "../../test/tiny-vit.ts";
import { InputError } from "../errors.ts";
import { startZero } from "../methods/method.ts";
import { backboneOf } from "../model/architectures.ts";
import { allTrainables } from "./head.ts";

const named = (...names: string[]) => ({
  trainables: () => names.map((name) => ({ name, shape: [1], decay: false, start: startZero(1) })),
});

describe("allTrainables", () => {
  it("puts the head last, at zero, and decays its matrix alone", () => {
    const all = allTrainables(named("a"), backboneOf(tiny), 3);
    expect(all.map(({ name, shape, decay }) => [name, shape, decay])).toEqual([
      ["a", [1], false],
      ["head.weight", [3, 16], true],
      ["head.bias", [3], false],
    ]);
  });

  it.each([
    [["a", "a"], "a"],
    [["head.bias"], "head.bias"],
  ])("refuses two of one name: %j", (names, twice) => {
    expect(() => allTrainables(named(...names), backboneOf(tiny), 3)).toThrow(
      new InputError(`Two trainable tensors are called "${twice}"; the method must give each a unique name.`),
    );
  });
});
