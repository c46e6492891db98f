import { Command } from "commander";
import { describe, expect, it } from "vitest";
import { defaultMethod, methods } from "../methods/methods.ts";
import {
  learningRateHelp,
  methodSettingOptions,
  methodSettings,
  resolveMethod,
  settingFlag,
} from "./method-options.ts";

const options = methodSettingOptions();
const optionOf = (name: string) => options.find((option) => option.attributeName() === name);

describe("methodSettingOptions", () => {
  it("has one flag for each option of any method", () => {
    const names = new Set(methods.flatMap(({ options: { shape } }) => Object.keys(shape)));
    expect(options.map((option) => option.attributeName())).toEqual([...names]);
  });

  it.each([
    [
      "rank",
      "--rank <n>",
      "rank of the multiplier (rlrr, default: 1); rank of the added matrix (lora, default: 8)",
    ],
    ["side", "--side <side>", "which scales to train (rlrr, default: both)"],
    ["residual", "--no-residual", "leave the frozen weight out of the sum (rlrr)"],
    [
      "sites",
      "--sites <list>",
      "of q,k,v,o,fc1,fc2,norm,patch (rlrr, default: all); of q,k,v,o,fc1,fc2 (lora, default: q,v)",
    ],
    ["alpha", "--alpha <x>", "the added matrix is scaled by alpha / rank (lora, default: 8)"],
  ])("says of %s what it does in each method", (name, flags, description) => {
    expect(optionOf(name)).toMatchObject({ flags, description: expect.stringContaining(description) });
  });

  it("offers choices where all methods agree on them", () => {
    expect(optionOf("side")?.argChoices).toEqual(["both", "left", "right"]);
    expect(optionOf("rank")?.argChoices).toBeUndefined();
  });
});

describe("methodSettings", () => {
  const parse = (...args: string[]) => {
    const command = options.reduce((made, option) => made.addOption(option), new Command());
    return methodSettings(command.parse(args, { from: "user" }).opts());
  };

  it.each([
    [[], {}],
    [["--rank", "4"], { rank: 4 }],
    [["--rank", "four"], { rank: "four" }],
    [["--no-residual"], { residual: false }],
    [["--sites", "q, v"], { sites: ["q", "v"] }],
    [["--scale", "0.5", "--side", "left"], { scale: 0.5, side: "left" }],
  ])("of %j are %j", (args, settings) => {
    expect(parse(...args)).toEqual(settings);
  });
});

describe("settingFlag", () => {
  it.each([
    ["rank", "--rank"],
    ["residual", "--no-residual"],
    ["ofNoMethod", "--of-no-method"],
  ])("of %s is %s", (name, flag) => {
    expect(settingFlag(name)).toBe(flag);
  });
});

describe("learningRateHelp", () => {
  it("gives the default's rate, and each that differs", () => {
    const help = learningRateHelp();
    expect(help).toMatch(/^\(default: 1e-3; linear 1e-2, full 1e-4, ssf 5e-3[,)]/);
    const usual = methods.find(({ name }) => name === defaultMethod)?.learningRate;
    for (const { name, learningRate } of methods)
      expect(help.includes(` ${name} `), name).toBe(learningRate !== usual);
  });
});

describe("resolveMethod", () => {
  it("leaves names to those who know the list", async () => {
    expect(await resolveMethod("lora")).toBe("lora");
    expect(await resolveMethod("no/such/thing")).toBe("no/such/thing");
  });
});
