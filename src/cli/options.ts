/** Flags that several commands share, and how text becomes numbers. */

import { type Command, InvalidArgumentError, Option } from "commander";
import { InputError, models, type ShowOption } from "../index.ts";
import { files } from "../node.ts";

/** Parses a whole number or refuses with what was given. */
export function wholeNumber(text: string): number {
  const number = Number(text);
  if (!/^\d+$/.test(text.trim()) || !Number.isSafeInteger(number))
    throw new InvalidArgumentError("It must be a whole number.");
  return number;
}

const numberOrText = (text: string): number | string =>
  text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;

/** An option that takes a number. Other text stays, for the schema that knows the limits to refuse. */
export const numberOption = (flags: string, text: string): Option =>
  new Option(flags, text).argParser(numberOrText);

/** An option that takes a whole number of at least `least`. */
export function wholeNumberOption(flags: string, text: string, { least = 1 } = {}): Option {
  const option = new Option(flags, text);
  return option.argParser((given: string) => {
    const number = Number(given);
    if (/^\d+$/.test(given.trim()) && Number.isSafeInteger(number) && number >= least) return number;
    throw new InputError(
      `${option.long} must be a whole number of at least ${least}, got ${files.showValue(numberOrText(given))}.`,
    );
  });
}

export const jsonOption = () => new Option("--json", "print JSON lines instead of text");
export const batchSizeOption = () =>
  wholeNumberOption("--batch-size <n>", "images per run of the graph (default: chosen for the model)");
export const precisionOption = () =>
  new Option(
    "--precision <kind>",
    "int8 computes large matrix products in 8 bits, which is faster and less exact; some images are answered in fp32 too, and how often both agree is said (default: fp32)",
  ).choices(["fp32", "int8"]);
/** May be given several times; commander hands over what was given before. */
export const adaptersOption = () =>
  new Option(
    "--adapter <name>",
    "a run of rlrr train, its adapter folder, or an adapter's hub id; given again, the adapters' probabilities are averaged",
  ).argParser((folder: string, before: readonly string[] | undefined) => [...(before ?? []), folder]);
export const headsOption = () =>
  wholeNumberOption(
    "--heads <n>",
    "number of attention heads, if neither the model's config nor its width determines it",
  );
export const modelOption = (text: string) => new Option("--model <model>", text);

export const modelHelp = `
A model is a .safetensors or .npz file, a Hugging Face-style folder, a hub id
such as google/vit-base-patch16-224-in21k, or a named model of the hub:
${[...models.namedModels.values()]
  .map(({ name, hubId, megabytes, licence }) => `  ${name.padEnd(5)}  ${hubId}, ${megabytes} MB, ${licence}`)
  .join("\n")}`;
export const dataHelp = `
Data is a folder of class folders; train/ val/ test/ of class folders; VTAB-1k
lists; FGVC JSON lists; or a CSV with the columns file, label and, optionally,
split.`;

/** An option as a flag: learningRate → --learning-rate. */
export const flagOf: ShowOption = (option, value) => {
  const flag = `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  return value === undefined || value === true ? flag : `${flag} ${value}`;
};

/** Adds options in order. */
export const withOptions = (command: Command, options: readonly Option[]): Command =>
  options.reduce((made, option) => made.addOption(option), command);

/** Gives options a heading of their own in the help. */
export const inGroup = (heading: string, options: readonly Option[]): Option[] =>
  options.map((option) => option.helpGroup(heading));

/** The flags among `options` that were given. */
export function givenFlags(flags: object, options: readonly Option[]): Record<string, unknown> {
  const names = new Set(options.map((option) => option.attributeName()));
  return Object.fromEntries(
    Object.entries(flags).filter(([name, value]) => names.has(name) && value !== undefined),
  );
}
