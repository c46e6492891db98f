import { describe, expect, it } from "vitest";
import { needed } from "./needed.ts";

describe("needed", () => {
  it.each([0, "", false, null])("gives back %j", (value) => {
    expect(needed(value, "value")).toBe(value);
  });

  it("names what is not there", () => {
    expect(() => needed(undefined, "row patch.weight")).toThrow("internal: there is no row patch.weight");
  });
});
