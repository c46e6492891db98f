import { describe, expect, it } from "vitest";
import { z } from "zod";
import { InputError } from "../errors.ts";
import { chooseMethod, methods } from "./methods.ts";

describe("methods", () => {
  it("lists every method once", () => {
    expect(methods.map(({ name }) => name)).toEqual(["rlrr", "linear", "full"]);
  });

  it.each(methods)("says what is right for every option of $name", ({ options, summary }) => {
    expect(summary).toMatch(/^[a-z].*[^.]$/);
    for (const schema of Object.values(options.shape))
      expect(z.globalRegistry.get(schema)?.description).toMatch(/\w/);
  });
});

describe("chooseMethod", () => {
  const defaults = {
    rank: 1,
    side: "both",
    residual: true,
    sites: ["q", "k", "v", "o", "fc1", "fc2", "norm", "patch"],
    init: "official",
  };

  it.each([
    ["rlrr", undefined, defaults],
    ["rlrr", { rank: 4, init: "identity" }, { ...defaults, rank: 4, init: "identity" }],
    ["rlrr", { side: "left", residual: false }, { ...defaults, side: "left", residual: false }],
    ["linear", {}, {}],
    ["full", undefined, {}],
  ])("fills in the defaults of %s %j", (name, options, settled) => {
    expect(chooseMethod({ name, options }, "--method").choice).toEqual({ name, options: settled });
  });

  it.each([
    ["lora", {}, 'there is no method "lora". Known: rlrr, linear, full.'],
    ["rlrr", { ranks: 2 }, 'method rlrr has no option "ranks". Known: rank, side, residual, sites, init.'],
    ["full", { rank: 2 }, 'method full has no option "rank". Known: none.'],
    ["rlrr", { rank: 0 }, "option rank of method rlrr must be a whole number from 1 to 256, got 0."],
    ["rlrr", { rank: 257 }, "option rank of method rlrr must be a whole number from 1 to 256, got 257."],
    ["rlrr", { rank: 1.5 }, "option rank of method rlrr must be a whole number from 1 to 256, got 1.5."],
    ["rlrr", { rank: "2" }, 'option rank of method rlrr must be a whole number from 1 to 256, got "2".'],
    ["rlrr", { side: "top" }, 'option side of method rlrr must be both, left or right, got "top".'],
    ["rlrr", { residual: 1 }, "option residual of method rlrr must be true or false, got 1."],
    [
      "rlrr",
      { sites: ["q", "qkv"] },
      'option sites of method rlrr must be a list of q, k, v, o, fc1, fc2, norm, patch, got ["q","qkv"].',
    ],
    [
      "rlrr",
      { sites: [] },
      "option sites of method rlrr must be a list of q, k, v, o, fc1, fc2, norm, patch, got [].",
    ],
    ["rlrr", { init: "zero" }, 'option init of method rlrr must be official or identity, got "zero".'],
    ["rlrr", { rank: 2, side: "left" }, "method rlrr: a rank above 1 needs both sides and the residual."],
    ["rlrr", { rank: 2, residual: false }, "method rlrr: a rank above 1 needs both sides and the residual."],
    ["rlrr", "rank", 'options of method rlrr must be given by name, got "rank".'],
  ])("refuses %s with %j", (name, options, message) => {
    expect(() => chooseMethod({ name, options }, "--method")).toThrow(new InputError(`--method: ${message}`));
  });
});
