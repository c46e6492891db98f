/** Flags that choose a method and set its options, made from the methods' own schemas. */

import { Option } from "commander";
import { z } from "zod";
import { defaultMethod, type Method, methods, type ShowOption } from "../index.ts";
import { loadMethodFile, namesFile } from "../node.ts";
import { flagOf, givenFlags, numberOption } from "./options.ts";

/** Which method; `end` says what happens without. */
export const methodOption = (end = ""): Option =>
  new Option(
    "--method <name>",
    `${methods.map(({ name, summary }) => `${name}: ${summary}`).join("; ")}; or a file that defines your own method ${end}`.trimEnd(),
  );

/** The method that `--method` names: of the list by its name, or of a user's file, which is code and is run. */
export async function resolveMethod(given: string): Promise<string | Method> {
  return (await namesFile(given)) ? loadMethodFile(given) : given;
}

/** For a command that reads an adapter: only the user can say where its method is defined. */
export const ownMethodOption = (): Option =>
  new Option("--method <file>", "file that defines the adapter's method, if it is not one of rlrr's");

/** The default learning rate of each method, for a line of help. */
export const learningRateHelp = (): string => {
  const rates = methods.map(({ name, learningRate }) => ({ name, rate: learningRate.toExponential() }));
  const usual = rates.find(({ name }) => name === defaultMethod)?.rate;
  const others = rates.filter(({ rate }) => rate !== usual).map(({ name, rate }) => `${name} ${rate}`);
  return `(default: ${usual}; ${others.join(", ")})`;
};

/** One option of one method. */
interface Setting {
  readonly method: string;
  readonly name: string;
  readonly schema: z.ZodType;
  readonly preset: unknown;
  readonly help: string;
}

/** A flag per option of any method, in the order of the list. */
export const methodSettingOptions = (): Option[] => [...settingsByName().values()].map(optionOf);

/** The settings that were given, by the names the method knows them by. */
export function methodSettings(flags: object): Record<string, unknown> {
  const options = methodSettingOptions();
  // Commander gives a --no-… flag its default, true, where it was not used.
  const unused = new Set(options.filter(({ negate }) => negate).map((option) => option.attributeName()));
  const given = Object.entries(givenFlags(flags, options));
  return Object.fromEntries(given.filter(([name, value]) => !(unused.has(name) && value === true)));
}

/** An option as the user writes it: `--rank`, `--no-residual`. */
export function settingFlag(name: string): string {
  const settings = settingsByName().get(name);
  return settings && startsTrue(settings) ? `--no-${flagOf(name).slice(2)}` : flagOf(name);
}

/** An option of training or of a method as its flag. */
export const showFlag: ShowOption = (option, value) => {
  const settings = settingsByName().get(option);
  // `--no-residual` is the only form of an option that is on.
  return settings && startsTrue(settings) ? `${option} (${settingFlag(option)})` : flagOf(option, value);
};

function settingsByName(): Map<string, Setting[]> {
  const groups = new Map<string, Setting[]>();
  for (const { name: method, options } of methods)
    for (const [name, outer] of Object.entries(options.shape)) {
      const { help = "" } = (z.globalRegistry.get(outer) ?? {}) as { help?: string };
      const [schema, preset] = unwrap(outer);
      groups.set(name, [...(groups.get(name) ?? []), { method, name, schema, preset, help }]);
    }
  return groups;
}

/** What lies inside a default, and the default. */
const unwrap = (schema: unknown): readonly [z.ZodType, unknown] =>
  schema instanceof z.ZodDefault
    ? [schema.def.innerType as z.ZodType, schema.def.defaultValue]
    : [schema as z.ZodType, undefined];

function optionOf(settings: readonly Setting[]): Option {
  const [{ name, schema }] = settings as readonly [Setting, ...Setting[]];
  const help = settings.map(renderHelp).join("; ");
  const flag = flagOf(name);
  const all = (kind: string) => settings.every((one) => one.schema.def.type === kind);
  if (all("boolean")) return new Option(startsTrue(settings) ? `--no-${flag.slice(2)}` : flag, help);
  if (all("array")) return new Option(`${flag} <list>`, help).argParser(parseList);
  const choices = choicesOf(schema);
  if (choices && settings.every((one) => String(choicesOf(one.schema)) === String(choices)))
    return new Option(`${flag} <${name}>`, help).choices(choices);
  const isWhole = schema instanceof z.ZodNumber && schema.isInt;
  return numberOption(`${flag} ${isWhole ? "<n>" : "<x>"}`, help);
}

const parseList = (text: string): string[] => text.split(",").map((part) => part.trim());

const startsTrue = (settings: readonly Setting[]): boolean => settings.every(({ preset }) => preset === true);

/** `rank of the multiplier (rlrr, default: 1)`. */
function renderHelp({ method, schema, preset, help }: Setting): string {
  if (typeof preset === "boolean") return `${help} (${method})`;
  const choices = schema instanceof z.ZodArray ? choicesOf(schema.element) : undefined;
  const isAll = Array.isArray(preset) && choices?.every((choice) => preset.includes(choice));
  const shown = isAll ? "all" : [preset].flat().join(",");
  return `${help} (${method}, default: ${shown})`;
}

const choicesOf = (schema: unknown): string[] | undefined =>
  schema instanceof z.ZodEnum ? schema.options.map(String) : undefined;
