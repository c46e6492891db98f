/** What a look-up must find: a wrong index or name is a bug of ours, which must not pass for a zero or an empty text. */

/** `value`, which `what` says. */
export function needed<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`internal: there is no ${what}`);
  return value;
}
