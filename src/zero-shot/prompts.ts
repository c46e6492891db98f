/** Prompts of classes: templates with the class's name in them, or a file with prompts of each class. */

import { z } from "zod";
import { FileError, InputError } from "../errors.ts";
import { readJson } from "../files/read-json.ts";
import { showValue } from "../files/show-value.ts";
import { limits } from "../limits.ts";
import { describeIssue } from "../model/describe-issue.ts";

/** What stands for the name of a class. */
export const placeholder = "{}";

/** Class names are often names of folders, and words that a text tower knows are separated by spaces. */
export const spoken = (label: string): string => label.replace(/[_\s]+/g, " ").trim();

/** One list of prompts for each class. */
export function promptsOf(
  labels: readonly string[],
  templates: readonly string[],
): readonly (readonly string[])[] {
  if (templates.length === 0)
    throw new InputError((show) => `${show("template")}: there is none, so there is no prompt.`);
  for (const template of templates) {
    if (typeof template !== "string" || !template.includes(placeholder))
      throw new InputError(
        (show) =>
          `${show("template")} must hold ${placeholder}, which stands for the name of the class, got ${showValue(template)}.`,
      );
  }
  return checked(
    labels.map((label) => templates.map((template) => template.split(placeholder).join(spoken(label)))),
  );
}

const prompt = z.string().regex(/\S/);
const schema = z.record(z.string(), z.union([prompt, z.array(prompt).min(1)]));

export interface ReadPrompts {
  /** One list for each class. */
  readonly prompts: readonly (readonly string[])[];
  /** What of the file was not used. */
  readonly notes: readonly string[];
}

/** From a JSON object of texts, or lists of texts, by class. */
export async function readPrompts(path: string, labels: readonly string[]): Promise<ReadPrompts> {
  return parsePrompts(await readJson(path), { path, labels });
}

export function parsePrompts(
  value: unknown,
  { path, labels }: { readonly path: string; readonly labels: readonly string[] },
): ReadPrompts {
  const parsed = schema.safeParse(value);
  if (!parsed.success)
    throw new FileError(
      `${path}: prompts are an object such as {"cat": ["a photo of a cat.", "a cat indoors."]}, but ${describeIssue(parsed.error, value)}.`,
    );
  const prompts = new Map(Object.entries(parsed.data));
  const missing = labels.filter((label) => !prompts.has(label));
  if (missing.length > 0)
    throw new FileError(
      `${path}: it has no prompt for ${missing.length === 1 ? "the class" : `${missing.length} classes, such as`} ${showValue(missing[0])}.`,
    );
  const unused = [...prompts.keys()].filter((label) => !labels.includes(label));
  const others = unused.length === 1 ? "a class" : `${unused.length} classes, such as`;
  return {
    prompts: checked(labels.map((label) => [prompts.get(label) ?? []].flat())),
    notes:
      unused.length === 0
        ? []
        : [`${path} has prompts of ${others} ${showValue(unused[0])}, which is not wanted here.`],
  };
}

function checked(prompts: readonly (readonly string[])[]): readonly (readonly string[])[] {
  const count = prompts.reduce((sum, { length }) => sum + length, 0);
  if (count > limits.MAX_PROMPTS.value)
    throw new InputError(`There are ${count} prompts; at most ${limits.MAX_PROMPTS.value} are allowed.`);
  const long = prompts.flat().find(({ length }) => length > limits.MAX_PROMPT_LENGTH.value);
  if (long !== undefined)
    throw new InputError(
      `A prompt has ${long.length} characters (${showValue(long)}); at most ${limits.MAX_PROMPT_LENGTH.value} are allowed.`,
    );
  return prompts;
}
