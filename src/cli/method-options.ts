/** Flags that choose a method and set its options: training takes them, and so does asking what would train. */

import { Option } from "commander";
import { methods } from "../index.ts";
import { givenFlags, numberOption } from "./options.ts";

/** Which method; the default is for the command to give. */
export const methodOption = (): Option =>
  new Option("--method <name>", methods.map(({ name, summary }) => `${name}: ${summary}`).join("; ")).choices(
    methods.map(({ name }) => name),
  );

/** What the methods' own schemas check. */
export const methodSettingOptions = (): Option[] => [
  numberOption("--rank <r>", "rlrr: rank of the multiplier (default: 1)"),
  new Option("--side <side>", "rlrr: which scales to train (default: both)").choices([
    "both",
    "left",
    "right",
  ]),
  new Option("--no-residual", "rlrr: leave the frozen weight out of the sum"),
  new Option("--sites <list>", "rlrr: of q,k,v,o,fc1,fc2,norm,patch (default: all)").argParser((text) =>
    text.split(",").map((site) => site.trim()),
  ),
  new Option(
    "--init <start>",
    "rlrr: as published, or exactly at the pre-trained model (default: official)",
  ).choices(["official", "identity"]),
];

/** The settings that were given, by the names the method knows them by. */
export function methodSettings(flags: object): Record<string, unknown> {
  const { residual, ...settings } = givenFlags(flags, methodSettingOptions());
  // Commander gives a --no-… flag its default, true, where it was not used.
  return residual === false ? { ...settings, residual } : settings;
}
