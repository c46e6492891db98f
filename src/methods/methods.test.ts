import { describe, expect, it } from "vitest";
import { z } from "zod";
import { adaptationOf, frozenFeeds, largest, logitsOf, startFeeds } from "../../test/tiny-methods.ts";
import { InputError } from "../errors.ts";
import { defineMethod } from "./method.ts";
import { chooseMethod, defaultMethod, methods } from "./methods.ts";

describe("methods", () => {
  it("lists every method once", () => {
    expect(methods.map(({ name }) => name)).toEqual([
      ...["rlrr", "linear", "full", "lora", "ssf", "vpt-deep", "adaptformer"],
      ...["bias", "norm", "dora", "vpt-shallow", "adapter", "repadapter", "convpass"],
      ...["arc", "fact-tt", "fact-tk", "hta", "apla", "oft", "adapter-plus", "hyperadapt", "wise"],
    ]);
    expect(defaultMethod).toBe("rlrr");
  });

  it.each(methods)("says what is valid for every option of $name", ({ options, summary }) => {
    expect(summary).toMatch(/^[a-z].*[^.]$/);
    for (const schema of Object.values(options.shape))
      expect(z.globalRegistry.get(schema)).toMatchObject({
        description: expect.stringMatching(/^[a-z].*[^.]$/),
        help: expect.stringMatching(/^[a-z].*[^.]$/),
      });
  });
});

describe("a method's start", () => {
  it.each(methods)("of $name is the pre-trained model, or it says that it is not", ({ name, identity }) => {
    const adaptation = adaptationOf(name, identity);
    const frozen = logitsOf(frozenFeeds);
    const start = logitsOf({ ...frozenFeeds, ...startFeeds(adaptation) }, adaptation);
    const off = largest(start.map((logit, at) => logit - (frozen[at] as number)));
    if (adaptation.startsAway) expect(off).toBeGreaterThan(1e-3);
    else expect(off).toBeLessThan(1e-5);
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
    ["lora", { rank: 4 }, { rank: 4, alpha: 8, sites: ["q", "v"] }],
    ["ssf", {}, { init: "official" }],
    ["vpt-deep", {}, { tokens: 10 }],
    ["adaptformer", { scale: 1 }, { bottleneck: 8, scale: 1 }],
    ["bias", {}, {}],
    ["norm", {}, {}],
    ["dora", { rank: 4 }, { rank: 4, alpha: 32, sites: ["q", "k", "v", "fc1", "fc2"] }],
    ["hta", { rank: 0 }, { rank: 0, sites: ["q", "k", "v", "o"] }],
    ["apla", {}, { columns: 8, columnSeed: 0 }],
    ["oft", {}, { blockSize: 32, sites: ["q", "k", "v", "o", "fc1", "fc2"] }],
    ["hyperadapt", { sites: ["q"] }, { sites: ["q"] }],
    ["wise", {}, {}],
    ["vpt-shallow", {}, { tokens: 50 }],
    ["adapter", {}, { bottleneck: 8, sites: ["attention", "mlp"], init: "official" }],
    ["repadapter", {}, { bottleneck: 8, scale: 1, sites: ["attention", "mlp"] }],
    [
      "convpass",
      { scale: 10 },
      { bottleneck: 8, scale: 10, sites: ["attention", "mlp"], kernel: "identity" },
    ],
    ["adapter-plus", {}, { bottleneck: 8, init: "official" }],
    ["arc", {}, { bottleneck: 50, sites: ["attention", "mlp"], init: "official" }],
    ["fact-tt", {}, { rank: 16, scale: 1 }],
    ["fact-tk", { scale: 10 }, { rank: 32, scale: 10 }],
  ])("fills in the defaults of %s %j", (name, options, settled) => {
    expect(chooseMethod({ name, options }, "--method").choice).toEqual({ name, options: settled });
  });

  it.each([
    ["houlsby", {}, `there is no method "houlsby". Known: ${methods.map(({ name }) => name).join(", ")}.`],
    [
      "rlrr",
      { ranks: 2 },
      "method rlrr has no option ranks. Known: rank, side, residual, sites, init, blocks.",
    ],
    ["full", { rank: 2 }, "method full has no option rank. Known: blocks."],
    ["rlrr", { rank: 0 }, "option rank of method rlrr must be a whole number from 1 to 256, got 0."],
    ["rlrr", { rank: 257 }, "option rank of method rlrr must be a whole number from 1 to 256, got 257."],
    ["rlrr", { rank: 1.5 }, "option rank of method rlrr must be a whole number from 1 to 256, got 1.5."],
    ["rlrr", { rank: "2" }, 'option rank of method rlrr must be a whole number from 1 to 256, got "2".'],
    ["rlrr", { side: "top" }, 'option side of method rlrr must be both, left or right, got "top".'],
    ["rlrr", { residual: 1 }, "option residual of method rlrr must be true or false, got 1."],
    [
      "rlrr",
      { sites: ["q", "qkv"] },
      'option sites of method rlrr must be a list of q, k, v, o, fc1, fc2, norm, patch, conv, got ["q","qkv"].',
    ],
    [
      "rlrr",
      { sites: [] },
      "option sites of method rlrr must be a list of q, k, v, o, fc1, fc2, norm, patch, conv, got [].",
    ],
    ["lora", { alpha: 0 }, "option alpha of method lora must be a number above 0, at most 10000, got 0."],
    [
      "lora",
      { sites: ["norm"] },
      'option sites of method lora must be a list of q, k, v, o, fc1, fc2, got ["norm"].',
    ],
    [
      "vpt-deep",
      { tokens: 513 },
      "option tokens of method vpt-deep must be a whole number from 1 to 512, got 513.",
    ],
    [
      "adaptformer",
      { scale: -1 },
      "option scale of method adaptformer must be a number above 0, at most 1000, got -1.",
    ],
    ["hta", { sites: ["fc1"] }, 'option sites of method hta must be a list of q, k, v, o, got ["fc1"].'],
    [
      "apla",
      { columns: -1 },
      "option columns of method apla must be a whole number from 0 to 65536, got -1.",
    ],
    ["oft", { blockSize: 1 }, "option blockSize of method oft must be a whole number from 2 to 64, got 1."],
    [
      "repadapter",
      { bottleneck: 3 },
      "option bottleneck of method repadapter must be an even whole number from 2 to 1024, got 3.",
    ],
    ["rlrr", { init: "zero" }, 'option init of method rlrr must be official or identity, got "zero".'],
    ["rlrr", { rank: 2, side: "left" }, "method rlrr: a rank above 1 needs both sides."],
    ["rlrr", "rank", 'options of method rlrr must be given by name, got "rank".'],
  ])("refuses %s with %j", (name, options, message) => {
    expect(() => chooseMethod({ name, options }, "--method")).toThrow(new InputError(`--method: ${message}`));
  });

  const own = defineMethod({
    name: "own",
    summary: "trains the head alone",
    learningRate: 1,
    options: z.strictObject({ width: z.int().default(3).describe("a whole number") }),
    create: () => ({ trainables: () => [] }),
  });

  it("takes a method of a user's own, itself or by its name among those known", () => {
    for (const name of ["own", own])
      expect(chooseMethod({ name, options: {} }, "--method", { known: [own] })).toMatchObject({
        method: own,
        choice: { name: "own", options: { width: 3 } },
      });
  });

  it("names options as the user does", () => {
    const nameOf = (option: string) => `--${option}`;
    const choose = (name: string, options: object) => () =>
      chooseMethod({ name, options }, "--method", { nameOf });
    expect(choose("rlrr", { rank: 0 })).toThrow(
      new InputError("--method: option --rank of method rlrr must be a whole number from 1 to 256, got 0."),
    );
    expect(choose("ssf", { rank: 2 })).toThrow(
      new InputError("--method: method ssf has no option --rank. Known: --init, --blocks."),
    );
  });
});
