/** A value from a file, short enough for a message. */

/** A message stays one line. */
export const MAX_CHARACTERS = 80;

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
