/** Flags that choose a method and set its options, made from the methods' own schemas. */

import { type Command, Help, type HelpConfiguration, Option } from "commander";
import { z } from "zod";
import { defaultMethod, type Method, methods, type ShowOption } from "../index.ts";
import { loadMethodFile, namesFile } from "../node.ts";
import { flagOf, givenFlags, numberOption } from "./options.ts";

/** Which method; `end` says what happens without. */
export const methodOption = (end = ""): Option =>
  new Option(
    "--method <name>",
    `${methods.map(({ name }) => name).join(", ")}, or a file that defines your own method; \`rlrr methods\` says what each does ${end}`.trimEnd(),
  );

/** Help that lists the options of one method: of the one that --method names, which may stand before --help. */
export function helpOfMethod(): HelpConfiguration {
  const plain = new Help();
  const settings = settingsByName();
  let shown: Method | undefined;
  return {
    visibleOptions: (command: Command) => {
      const { method: asked = defaultMethod } = command.opts<{ method?: string }>();
      shown = methods.find(({ name }) => name === asked);
      return plain
        .visibleOptions(command)
        .filter((option) => !settings.has(option.attributeName()) || settingOf(option, shown) !== undefined);
    },
    optionDescription: (option: Option) => {
      const setting = settingOf(option, shown);
      return setting ? renderHelp(setting) : plain.optionDescription(option);
    },
  };
}

/** What an option sets in this method, if anything. */
const settingOf = (option: Option, method: Method | undefined): Setting | undefined =>
  settingsByName()
    .get(option.attributeName())
    ?.find((setting) => setting.method === method?.name);

/** The method that `--method` names: of the list by its name, or of a user's file, which is code and is run. */
export async function resolveMethod(given: string): Promise<string | Method> {
  return (await namesFile(given)) ? loadMethodFile(given) : given;
}

/** For a command that reads an adapter: only the user can say where its method is defined. */
export const ownMethodOption = (): Option =>
  new Option("--method <file>", "file that defines the adapter's method, if it is not one of rlrr's");

/** One option of one method. */
export interface Setting {
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

/** The options of a method, in order. */
export const settingsOf = ({ name: method, options }: Method): Setting[] =>
  Object.entries(options.shape).map(([name, outer]) => {
    const { help = "" } = (z.globalRegistry.get(outer) ?? {}) as { help?: string };
    const [schema, preset] = unwrap(outer);
    return { method, name, schema, preset, help };
  });

function settingsByName(): Map<string, Setting[]> {
  const groups = new Map<string, Setting[]>();
  for (const setting of methods.flatMap(settingsOf))
    groups.set(setting.name, [...(groups.get(setting.name) ?? []), setting]);
  return groups;
}

/** What lies inside a default, and the default. */
const unwrap = (schema: unknown): readonly [z.ZodType, unknown] =>
  schema instanceof z.ZodDefault
    ? [schema.def.innerType as z.ZodType, schema.def.defaultValue]
    : [(schema instanceof z.ZodOptional ? schema.def.innerType : schema) as z.ZodType, undefined];

function optionOf(settings: readonly Setting[]): Option {
  const [{ name, schema }] = settings as readonly [Setting, ...Setting[]];
  // What it does is said for one method at a time.
  const help = "";
  const flag = flagOf(name);
  const all = (kind: string) => settings.every((one) => one.schema.def.type === kind);
  if (all("boolean")) return new Option(startsTrue(settings) ? `--no-${flag.slice(2)}` : flag, help);
  if (all("array")) return new Option(`${flag} <list>`, help).argParser(parseList);
  if (all("string")) return new Option(`${flag} <list>`, help);
  const choices = choicesOf(schema);
  if (choices && settings.every((one) => String(choicesOf(one.schema)) === String(choices)))
    return new Option(`${flag} <${name}>`, help).choices(choices);
  const isWhole = schema instanceof z.ZodNumber && schema.isInt;
  return numberOption(`${flag} ${isWhole ? "<n>" : "<x>"}`, help);
}

const parseList = (text: string): string[] => text.split(",").map((part) => part.trim());

const startsTrue = (settings: readonly Setting[]): boolean => settings.every(({ preset }) => preset === true);

/** `rank of the multiplier (default: 1)`, with the choices where there are some. */
export function renderHelp({ schema, preset, help }: Setting): string {
  if (typeof preset === "boolean" || preset === undefined) return help;
  const element = schema instanceof z.ZodArray ? choicesOf(schema.element) : undefined;
  const isAll = Array.isArray(preset) && element?.every((choice) => preset.includes(choice));
  const shown = isAll ? "all" : [preset].flat().join(",");
  const choices = choicesOf(schema);
  return `${help} (${choices ? `${choices.join(" or ")}; ` : ""}default: ${shown})`;
}

const choicesOf = (schema: unknown): string[] | undefined =>
  schema instanceof z.ZodEnum ? schema.options.map(String) : undefined;
