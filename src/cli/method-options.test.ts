import { Command, Option } from "commander";
import { describe, expect, it } from "vitest";
import { methods } from "../methods/methods.ts";
import {
  helpOfMethod,
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

describe("helpOfMethod", () => {
  const helpOf = (...args: string[]) => {
    const command = [new Option("--method <name>"), ...methodSettingOptions()].reduce(
      (made, option) => made.addOption(option),
      new Command().configureHelp({ ...helpOfMethod(), helpWidth: 200 }),
    );
    return command.parse(args, { from: "user" }).helpInformation();
  };

  it("lists the options of the default method, each with its default or choices", () => {
    const help = helpOf();
    expect(help).toMatch(/--rank <n> +rank of the multiplier \(default: 1\)\n/);
    expect(help).toMatch(/--side <side> +which scales to train \(both or left or right; default: both\)\n/);
    expect(help).toMatch(/--no-residual +leave the frozen weight out of the sum\n/);
    expect(help).toMatch(
      /--sites <list> +of q,k,v,o,fc1,fc2,norm,patch \(default: q,k,v,o,fc1,fc2,norm,patch\)\n/,
    );
    expect(help).not.toContain("--alpha");
  });

  it("lists those of the method that is named instead", () => {
    const help = helpOf("--method", "lora");
    expect(help).toMatch(/--rank <n> +rank of the added matrix \(default: 8\)\n/);
    expect(help).toMatch(/--sites <list> +of q,k,v,o,fc1,fc2 \(default: q,v\)\n/);
    expect(help).toContain("--alpha");
    expect(help).not.toContain("--side");
  });
});

describe("resolveMethod", () => {
  it("leaves names to those who know the list", async () => {
    expect(await resolveMethod("lora")).toBe("lora");
    expect(await resolveMethod("no/such/thing")).toBe("no/such/thing");
  });
});
