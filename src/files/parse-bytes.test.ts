import { describe, expect, it } from "vitest";
import { InputError } from "../errors.ts";
import { parseBytes, showBytes } from "./parse-bytes.ts";

describe("parseBytes", () => {
  it.each<[unknown, number]>([
    ["4GB", 4e9],
    ["1.6 GB", 1.6e9],
    ["800MB", 8e8],
    ["2GiB", 2 ** 31],
    [123, 123],
  ])("reads %j", (given, bytes) => {
    expect(parseBytes(given, "memory")).toBe(bytes);
  });

  it.each(["", "4", "4 TB", "-1GB", "0GB", "1.2.3GB", 0, Number.NaN, null])("refuses %j", (given) => {
    expect(() => parseBytes(given, "memory")).toThrow(InputError);
  });

  it("says what is valid", () => {
    expect(() => parseBytes("lots", "memory")).toThrow(
      new InputError('memory must be a size such as 4GB, 1.6GB or 800MB, got "lots".'),
    );
  });
});

describe("showBytes", () => {
  it("rounds up", () => {
    expect([1.61e9, 1.6e9, 7.5e8].map(showBytes)).toEqual(["1.7 GB", "1.6 GB", "750 MB"]);
  });
});
