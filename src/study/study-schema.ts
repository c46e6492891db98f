/** What a study is made of, as its file says it, with the limits of every entry. */

import { z } from "zod";
import { InputError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import { limits } from "../limits.ts";
import { presetNames } from "./preset-names.ts";

const maxSeed = limits.MAX_SEED.value;
const maxSeeds = limits.MAX_STUDY_SEEDS.value;
const share = z.number().gt(0).lt(1).describe("a number above 0 and below 1");
const text = (what: string) => z.string().min(1).describe(what);
const name = text("a name of one character at least");
/** Checked by those who know the options: of training, of a method, of images. */
const options = z.record(z.string(), z.unknown()).describe("an object of options");
const lists = z
  .record(z.string(), z.array(z.unknown()).min(1).describe("a list of values"))
  .describe("an object of options, each with a list of values");

const dataSchema = z.strictObject({
  path: text("a path"),
  /** The path's last part where left out. */
  name: name.optional(),
  /** Sets of one group are averaged first, for the mean of group means. */
  group: name.optional(),
  recipe: options.optional(),
  images: options.optional(),
});

const methodSchema = z.strictObject({
  name,
  /** What the table calls it; its name where left out. */
  label: name.optional(),
  options: options.optional(),
  recipe: options.optional(),
  images: options.optional(),
  /** Options of training, or with `tuneOptions` of the method, to choose on validation images, in place of the study's own. */
  tune: lists.optional(),
  tuneOptions: lists.optional(),
});

const recipeSchema = z.strictObject({
  label: name,
  /** A recipe that has options for each data set by its name, such as official-vtab. */
  name: name.optional(),
  recipe: options.optional(),
  images: options.optional(),
});

const count = (most: number) => z.int().min(1).max(most).describe(`a whole number from 1 to ${most}`);
const seed = z.int().min(0).max(maxSeed).describe(`a seed from 0 to ${maxSeed}`);

export const studySchema = z.strictObject({
  preset: z.enum(presetNames).optional().describe(presetNames.join(", ")),
  model: text("a path or a hub id").optional(),
  data: z
    .array(z.union([text("a path"), dataSchema]).describe("a path, or an object with a path"))
    .min(1)
    .max(limits.MAX_STUDY_LIST.value)
    .describe("a list of paths, or of objects with a path")
    .optional(),
  methods: z
    .array(z.union([name, methodSchema]).describe("the name of a method, or an object with a name"))
    .min(1)
    .max(limits.MAX_STUDY_LIST.value)
    .describe("a list of names of methods, or of objects with a name")
    .optional(),
  recipes: z
    .array(z.union([name, recipeSchema]).describe("the name of a recipe, or an object with a label"))
    .min(1)
    .max(limits.MAX_STUDY_LIST.value)
    .describe("a list of names of recipes, or of objects with a label")
    .optional(),
  /** Options of training for all trials, and how their images are prepared. */
  recipe: options.optional(),
  images: options.optional(),
  imageSize: count(limits.MAX_SIDE.value).optional(),
  heads: count(1024).optional(),
  /** Options of training to choose on validation images. */
  tune: lists.optional(),
  /** How many of the seeds they are chosen with. */
  tuneSeeds: count(maxSeeds).optional(),
  seeds: z
    .union([z.int().min(1).max(maxSeeds), z.array(seed).min(1).max(maxSeeds)])
    .describe(`a number of seeds from 1 to ${maxSeeds}, or a list of seeds from 0 to ${maxSeed}`)
    .optional(),
  select: z.enum(["val", "test"]).describe("val or test").optional(),
  /** The method, by its label, that others are compared with. */
  reference: name.optional(),
  /** Shares held out of the training images where the data has no such split. */
  validationFraction: share.optional(),
  testFraction: share.optional(),
  skipBadImages: z.boolean().describe("true or false").optional(),
  provider: text("the name of an execution provider").optional(),
  /** Of each process. The last digits of a result may depend on it, so it is part of the study. */
  threads: count(limits.MAX_THREADS.value).optional(),
  keepAdapters: z.boolean().describe("true or false").optional(),
});

/** A study as it is asked for. */
export type StudyInput = z.input<typeof studySchema>;

/** Checks a study that came from `where`, and says which entry is wrong. */
export function parseStudy(value: unknown, where: string): StudyInput {
  const parsed = studySchema.safeParse(value, { reportInput: true });
  if (parsed.success) return parsed.data;
  throw new InputError(`${where}: ${explain(parsed.error, value)}`);
}

/** The first problem, at the deepest place that it can be blamed on. */
function explain({ issues: [first] }: z.ZodError, value: unknown): string {
  let issue = first;
  const path = [...(issue?.path ?? [])];
  // A union tells every alternative's problem: the last is that of the object.
  while (issue?.code === "invalid_union") {
    const inner: z.core.$ZodIssue | undefined = issue.errors.at(-1)?.[0];
    if (!inner || typeof at(value, path) !== "object") break;
    path.push(...inner.path);
    issue = inner;
  }
  const place = path.length === 0 ? "a study" : showPath(path);
  const schema = schemaAt(path);
  if (issue?.code === "unrecognized_keys") {
    const object = inside(schema);
    const known = object instanceof z.ZodObject ? Object.keys(object.shape).join(", ") : "";
    return `${place} has no entry ${showValue(issue.keys[0])}. Known: ${known}.`;
  }
  const given = at(value, path);
  const expected =
    (schema && z.globalRegistry.get(schema)?.description) ??
    (path.length === 0 ? "an object" : "another value");
  return `${place} must be ${expected}, got ${typeof given === "number" ? given : showValue(given)}.`;
}

/** `methods[2].options`. */
export const showPath = (path: readonly PropertyKey[]): string =>
  path
    .map((key, index) => (typeof key === "number" ? `[${key}]` : `${index > 0 ? "." : ""}${String(key)}`))
    .join("");

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  let found = value;
  for (const key of path)
    found = typeof found === "object" && found !== null ? Reflect.get(found, key) : undefined;
  return found;
}

/** The schema of a place, through lists, alternatives (of which the object is last) and what may be left out. */
function schemaAt(path: readonly PropertyKey[]): z.ZodType | undefined {
  let schema: unknown = studySchema;
  for (const key of path) {
    schema = inside(schema);
    if (schema instanceof z.ZodArray) schema = schema.element;
    else if (schema instanceof z.ZodRecord) schema = schema.valueType;
    else if (schema instanceof z.ZodObject) schema = (schema.shape as Record<PropertyKey, unknown>)[key];
    else break;
  }
  return described(schema);
}

/** The outermost that says what is valid. */
function described(schema: unknown): z.ZodType | undefined {
  if (!(schema instanceof z.ZodType)) return undefined;
  if (z.globalRegistry.get(schema)?.description || schema instanceof z.ZodObject) return schema;
  const inner = unwrapped(schema);
  return inner === schema ? undefined : described(inner);
}

const unwrapped = (schema: unknown): unknown =>
  schema instanceof z.ZodOptional
    ? schema.def.innerType
    : schema instanceof z.ZodUnion
      ? schema.def.options.at(-1)
      : schema;

function inside(schema: unknown): unknown {
  const inner = unwrapped(schema);
  return inner === schema ? schema : inside(inner);
}
