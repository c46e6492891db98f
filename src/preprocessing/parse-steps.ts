/** Preprocessing steps read from a file or an option: every name, size and number is checked before use. */

import { z } from "zod";
import { FileError } from "../errors.ts";
import { fixedSize } from "./output-size.ts";
import { filters, type Step } from "./steps.ts";

/** A 4096² image holds 65,536 patches of 16: far above any ViT, and small enough that a wrong number cannot fill memory. */
export const MAX_SIDE = 4096;
/** Real lists have two to five steps. */
const MAX_STEPS = 32;

const side = z.int().min(1).max(MAX_SIDE);
const size = z.tuple([side, side]);
const filter = z.enum(filters);
const finite = z.number().min(-1e6).max(1e6);
const positive = z.number().min(1e-6).max(1e6);
const range = (value: z.ZodNumber) => z.tuple([value, value]).refine(([low, high]) => low <= high);

const options = {
  resize: z.strictObject({ size, filter }),
  resizeShort: z.strictObject({ size: side, filter }),
  centerCrop: z.strictObject({ size }),
  randomCrop: z.strictObject({ size }),
  randomResizedCrop: z.strictObject({
    size,
    scale: range(z.number().gt(0).max(1)),
    ratio: range(positive),
    filter,
  }),
  randomHorizontalFlip: z.strictObject({ probability: z.number().min(0).max(1) }),
  normalize: z.strictObject({
    mean: z.tuple([finite, finite, finite]),
    std: z.tuple([positive, positive, positive]),
  }),
} satisfies Record<Step[0], z.ZodObject>;

/** What would be right, per option; `size` of `resizeShort` is the one that differs. */
const expected: Readonly<Record<string, string>> = {
  size: `[height, width], each a whole number from 1 to ${MAX_SIDE}`,
  filter: "nearest, box, bilinear, hamming, bicubic or lanczos",
  scale: "[lowest, highest], above 0 and at most 1",
  ratio: "[lowest, highest], both above 0",
  probability: "a number from 0 to 1",
  mean: "three numbers",
  std: "three numbers above 0",
};

const show = (value: unknown): string => {
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
};

const expectedOf = (name: string, option: string): string =>
  name === "resizeShort" && option === "size"
    ? `a whole number from 1 to ${MAX_SIDE}`
    : (expected[option] ?? "another value");

function parseStep(value: unknown, where: string): Step {
  if (!Array.isArray(value) || value.length !== 2 || typeof value[0] !== "string")
    throw new FileError(`${where}: a step is ["name", { options }], got ${show(value)}.`);
  const name: string = value[0];
  if (!Object.hasOwn(options, name))
    throw new FileError(
      `${where}: there is no step ${show(name)}; known are ${Object.keys(options).join(", ")}.`,
    );
  const result = options[name as Step[0]].safeParse(value[1]);
  if (result.success) return [name, result.data] as unknown as Step;

  const issue = result.error.issues[0];
  const given: unknown = value[1];
  if (issue?.code === "unrecognized_keys")
    throw new FileError(
      `${where}, ${name}: there is no option ${show(issue.keys[0])}; known are ${Object.keys(options[name as Step[0]].shape).join(", ")}.`,
    );
  const option = String(issue?.path[0] ?? "");
  if (option === "" || given === null || typeof given !== "object")
    throw new FileError(`${where}, ${name}: its options must be an object, got ${show(given)}.`);
  throw new FileError(
    `${where}, ${name}: ${option} must be ${expectedOf(name, option)}, got ${show((given as Record<string, unknown>)[option])}.`,
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
      `${where}: preprocessing leaves the size to the image; a resize or a crop to a fixed size is needed.`,
    );
  return steps;
}
