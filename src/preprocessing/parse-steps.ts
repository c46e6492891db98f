/** Preprocessing steps read from a file or an option: every name, size and number is checked before use. */

import type { z } from "zod";
import { FileError } from "../errors.ts";
import { limits } from "../limits.ts";
import { stepKinds } from "./step-kinds.ts";
import { fixedSize } from "./step-list.ts";
import type { Step, StepName } from "./steps.ts";

const MAX_STEPS = limits.MAX_STEPS.value;

const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
};

function parseStep(value: unknown, where: string): Step {
  if (!Array.isArray(value) || value.length !== 2 || typeof value[0] !== "string")
    throw new FileError(`${where}: a step is ["name", { options }], got ${show(value)}.`);
  const name: string = value[0];
  if (!Object.hasOwn(stepKinds, name))
    throw new FileError(
      `${where}: there is no step ${show(name)}; known are ${Object.keys(stepKinds).join(", ")}.`,
    );
  const { options } = stepKinds[name as StepName];
  const result = options.safeParse(value[1]);
  if (result.success) return [name, result.data] as unknown as Step;

  const issue = result.error.issues[0];
  const given: unknown = value[1];
  if (issue?.code === "unrecognized_keys")
    throw new FileError(
      `${where}, ${name}: there is no option ${show(issue.keys[0])}; known are ${Object.keys(options.shape).join(", ")}.`,
    );
  const option = String(issue?.path[0] ?? "");
  if (option === "" || given === null || typeof given !== "object")
    throw new FileError(`${where}, ${name}: its options must be an object, got ${show(given)}.`);
  const expected = (options.shape[option] as z.ZodType | undefined)?.description ?? "another value";
  throw new FileError(
    `${where}, ${name}: ${option} must be ${expected}, got ${show((given as Record<string, unknown>)[option])}.`,
  );
}

/**
 * Checks a list of steps that came from `where` (a file, or the name of an option).
 * The list must end in one `normalize` and give every image the same size.
 */
export function parseSteps(value: unknown, where: string): readonly Step[] {
  if (!Array.isArray(value))
    throw new FileError(`${where}: preprocessing must be a list of steps, got ${show(value)}.`);
  if (value.length > MAX_STEPS)
    throw new FileError(
      `${where}: preprocessing has ${value.length} steps; at most ${MAX_STEPS} are allowed.`,
    );
  const steps = value.map((step, index) => parseStep(step, `${where}: step ${index + 1}`));
  const normalize = steps.findIndex(([name]) => name === "normalize");
  if (normalize === -1)
    throw new FileError(`${where}: preprocessing has no normalize step; it must end with one.`);
  if (normalize !== steps.length - 1)
    throw new FileError(
      `${where}: step ${normalize + 1} is normalize; it must be the last step, and only the last.`,
    );
  if (fixedSize(steps) === undefined)
    throw new FileError(
      `${where}: preprocessing must give every image the same size; add a resize or a crop to a fixed size.`,
    );
  return steps;
}
