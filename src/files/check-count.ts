/** Checks an option of the library that is a count. */

import { InputError } from "../errors.ts";
import { showValue } from "./show-value.ts";

/** A value in a message; JSON knows neither NaN nor undefined. */
export const shown = (value: unknown): string =>
  typeof value === "number" || value === undefined ? String(value) : showValue(value);

/** Refuses what is not a whole number above 0; an option that is left out is valid. */
export function checkCounts(options: Readonly<Record<string, unknown>>): void {
  for (const [option, value] of Object.entries(options))
    if (value !== undefined && !(Number.isSafeInteger(value) && Number(value) > 0))
      throw new InputError((show) => `${show(option)} must be a whole number above 0, got ${shown(value)}.`);
}
