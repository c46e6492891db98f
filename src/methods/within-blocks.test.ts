import { describe, expect, it } from "vitest";
import { tiny } from "../../test/tiny-vit.ts";
import { InputError } from "../errors.ts";
import { backboneOf } from "../model/architectures.ts";
import { chooseMethod, methods } from "./methods.ts";

const backbone = backboneOf({ ...tiny, depth: 4 });
const trainablesOf = (name: string, blocks?: string) =>
  chooseMethod({ name, options: { ...(blocks !== undefined && { blocks }) } }, "test").adaptation.trainables(
    backbone,
  );
const confined = methods.filter(({ options }) => "blocks" in options.shape).map(({ name }) => name);

describe("blocks", () => {
  it("is an option of every method but those that cannot be confined", () => {
    const others = methods.map(({ name }) => name).filter((name) => !confined.includes(name));
    expect(others).toEqual(["linear", "vpt-deep", "vpt-shallow"]);
  });

  it.each(confined)("confines %s", (name) => {
    const [all, some] = [trainablesOf(name), trainablesOf(name, "2-3")];
    expect(some.length).toBeGreaterThan(0);
    expect(some.length).toBeLessThan(all.length + 1);
    const numbers = some.flatMap((one) => /^blocks\.(\d+)\./.exec(one.name)?.[1] ?? []);
    expect(numbers.filter((number) => number !== "2" && number !== "3")).toEqual([]);
  });

  it("takes ranges and numbers", () => {
    const blocks = trainablesOf("bias", "0, 2-3").map(({ name }) => name.split(".")[1]);
    expect([...new Set(blocks)]).toEqual(["0", "2", "3"]);
  });

  it.each(["", "x", "3-2", "1,,2", "-1"])("refuses %j", (blocks) => {
    expect(() => trainablesOf("rlrr", blocks)).toThrow(
      new InputError(
        `test: option blocks of method rlrr must be blocks by number, the lowest being 0, such as 6-11 or 0,11, got ${JSON.stringify(blocks)}.`,
      ),
    );
  });

  it("refuses blocks that the model lacks", () => {
    expect(() => trainablesOf("rlrr", "2-4")).toThrow(
      new InputError("blocks must be blocks of the model, which are 0 to 3, got 4."),
    );
  });
});
