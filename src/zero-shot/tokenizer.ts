/** Splits prompts into tokens by the tokenizer.json of the user's own model. */

import { join } from "node:path";
import { Tokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import { FileError, InputError } from "../errors.ts";
import { exists } from "../files/exists.ts";
import { readJson } from "../files/read-json.ts";
import { showValue } from "../files/show-value.ts";
import { limits } from "../limits.ts";

const TOKENIZER = "tokenizer.json";
const SETTINGS = "tokenizer_config.json";
/** What is needed of a repository beside its model. */
export const tokenizerFiles: readonly string[] = [TOKENIZER, SETTINGS];

const schema = z.looseObject({
  model: z.looseObject({ type: z.string().optional() }),
  added_tokens: z.array(z.looseObject({ id: z.int(), content: z.string() })).optional(),
});
const settingsSchema = z.looseObject({
  pad_token: z.union([z.string(), z.looseObject({ content: z.string() })]).nullish(),
  tokenizer_class: z.string().nullish(),
});

export interface TextTokenizer {
  /** Numbers of tokens, with those that begin and end a text. */
  readonly encode: (text: string) => readonly number[];
  /** The token that short texts are filled up with, where it has one. */
  readonly padding: number | undefined;
}

/** The tokenizer in the folder of a model. */
export async function readTokenizer(folder: string): Promise<TextTokenizer> {
  const path = join(folder, TOKENIZER);
  if (!(await exists(path)))
    throw new InputError(
      (show) =>
        `${folder} has no ${TOKENIZER}, which says how its text tower reads words. Put the ${TOKENIZER} of the same model there (transformers writes one with AutoTokenizer.from_pretrained(MODEL).save_pretrained(FOLDER)), or give text features that were computed elsewhere as ${show("textFeatures")}.`,
    );
  const sizes = { bytes: limits.MAX_TOKENIZER_BYTES.value, values: limits.MAX_TOKENIZER_VALUES.value };
  const value = await readJson(path, sizes);
  const settingsPath = join(folder, SETTINGS);
  const settings = (await exists(settingsPath)) ? await readJson(settingsPath) : {};
  return parseTokenizer({ value, settings }, { path, settingsPath });
}

/** Of the two files' contents; `path` and `settingsPath` name them. */
export function parseTokenizer(
  { value, settings }: { readonly value: unknown; readonly settings: unknown },
  { path, settingsPath }: { readonly path: string; readonly settingsPath: string },
): TextTokenizer {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new FileError(`${path} is no tokenizer: it has no model and no list of tokens.`);
  const given = settingsSchema.safeParse(settings);
  if (!given.success) throw new FileError(`${settingsPath} is no tokenizer's configuration.`);
  const tokenizer = build(parsed.data, given.data, path);
  const { pad_token: pad, tokenizer_class: kind } = given.data;
  const padding = typeof pad === "string" ? pad : pad?.content;
  // Its class lowers case before tokenizer.json is asked.
  const lower = kind?.startsWith("Siglip2") ?? false;
  return {
    encode: (text) => encode(tokenizer, lower ? text.toLowerCase() : text, path),
    padding: padding === undefined ? undefined : tokenizer.token_to_id(padding),
  };
}

function build(value: object, settings: object, path: string): Tokenizer {
  try {
    return new Tokenizer(value, settings);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function encode(tokenizer: Tokenizer, text: string, path: string): readonly number[] {
  let ids: readonly number[];
  try {
    ids = tokenizer.encode(text).ids;
  } catch (cause) {
    throw unreadable(path, cause);
  }
  if (ids.length === 0 || !ids.every((id) => Number.isSafeInteger(id) && id >= 0))
    throw new FileError(`${path}: it makes no tokens of ${showValue(text)}.`);
  return ids;
}

function unreadable(path: string, cause: unknown): FileError {
  const reason = cause instanceof Error ? cause.message.slice(0, 200) : String(cause);
  return new FileError(`${path} cannot be used: ${reason}. It is damaged, or of a kind that is not known.`, {
    cause,
  });
}
