/** Whether a run that is resumed has the options that it began with, and what differs if not. */

import { isDeepStrictEqual } from "node:util";
import { InputError, type Wording } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import type { Method } from "../methods/method.ts";
import { recipeDefaults } from "./recipe-defaults.ts";
import type { AskedConfig, RunConfig } from "./run-config.ts";

/** What an earlier run was given. An option that was added to the program since was at its default then. */
const withDefaults = (given: Options, defaults: Options): Options => ({ ...defaults, ...given });
type Options = Readonly<Record<string, unknown>>;

/** Refuses to resume a run in `folder` that began with other options, and lists the differences; `method` is the one asked for now. */
export function checkRepeated(
  before: RunConfig,
  now: RunConfig,
  { folder, method }: { readonly folder: string; readonly method: Method },
): void {
  const methodOptions = method.options.safeParse({}).data ?? {};
  const chosen = [
    ...compare({ method: before.method.name }, { method: now.method.name }),
    ...(before.method.name === now.method.name
      ? compare(withDefaults(before.method.options, methodOptions), now.method.options)
      : []),
    ...compare(withDefaults(before.recipe, recipeDefaults(before.recipe)), now.recipe),
    ...compareAsked(before, now),
  ];
  const differences: Wording[] = [
    ...compareModels(before.model, now.model),
    ...compare({ continueFrom: before.continuedFrom?.sha256 }, { continueFrom: now.continuedFrom?.sha256 }),
    ...chosen,
    ...compareSteps(before, now),
    ...compare({ classes: before.data.classes }, { classes: now.data.classes }, asFact),
    // Another seed or share chooses other images, which is said already.
    ...(before.data.files === now.data.files || chosen.length > 0 ? [] : [() => "other images"]),
  ];
  if (differences.length > 0)
    throw new InputError(
      (show) =>
        `${folder}: this run began with other options: ${differences.map((word) => word(show)).join("; ")}. Resume it with what it began with, or give another folder as ${show("out")}.`,
    );
}

/** The backbone's weights, and what a config says beside them, of which only two are options. */
function compareModels(before: RunConfig["model"], now: RunConfig["model"]): Wording[] {
  if (before.sha256 !== now.sha256)
    return [
      (show) =>
        `${show("model")} was ${before.id} (sha256 ${before.sha256.slice(0, 12)}…), is ${now.id} (sha256 ${now.sha256.slice(0, 12)}…)`,
    ];
  const { heads, imageSize, ...rest } = before.config;
  const { heads: newHeads, imageSize: newSize, ...newRest } = now.config;
  return [
    ...compare({ heads, imageSize: sideOf(imageSize) }, { heads: newHeads, imageSize: sideOf(newSize) }),
    ...compare(rest, newRest, asFact),
  ];
}

/** A square as the one number that it was given by. */
const sideOf = (size: unknown): unknown => (Array.isArray(size) && size[0] === size[1] ? size[0] : size);

/** An older run does not say what share it held out; its images tell. */
function compareAsked({ asked: before }: RunConfig, { asked: now }: RunConfig): Wording[] {
  if (!before || !now) return [];
  const shareOf = ({ validationFraction = 0.2 }: AskedConfig) => ({ validationFraction });
  return compare(shareOf(before), shareOf(now));
}

/** By the choices that made the steps, where both are known and differ. */
function compareSteps(before: RunConfig, now: RunConfig): Wording[] {
  const differences = [
    ...compare({ preprocessing: before.preprocessing }, { preprocessing: now.preprocessing }, asFact),
    ...compare({ evaluation: before.evaluation }, { evaluation: now.evaluation }, asFact),
  ];
  if (differences.length === 0) return [];
  const choices = before.asked && now.asked ? compare(before.asked.images ?? {}, now.asked.images ?? {}) : [];
  return choices.length > 0 ? choices : differences;
}

/** What no option sets is named as it is. */
const asFact =
  (name: string): Wording =>
  () =>
    name;
const asOption =
  (name: string): Wording =>
  (show) =>
    show(name);

/** `epochs was 10, is 12` for each field that differs. */
export function compare(
  before: Options,
  now: Options,
  named: (name: string) => Wording = asOption,
): Wording[] {
  return [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .filter((key) => !isDeepStrictEqual(before[key], now[key]))
    .map((key) => (show) => `${named(key)(show)} was ${showGiven(before[key])}, is ${showGiven(now[key])}`);
}

const showGiven = (value: unknown): string => (value === undefined ? "not given" : showValue(value));
