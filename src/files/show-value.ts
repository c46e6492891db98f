/** A value from a file, short enough for a message. */

import { limits } from "../limits.ts";

export const MAX_CHARACTERS = limits.MAX_CHARACTERS.value;

/** `value` as JSON, cut at 80 characters; a structure nested too deeply to print is only named. */
export function showValue(value: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(value) ?? "nothing";
  } catch {
    return "a deeply nested value";
  }
  return text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text;
}
