/** Sizes of memory as people write them: 4GB, 1.6 GB, 800MB, 2GiB. */

import { InputError, type Wording } from "../errors.ts";
import { showValue } from "./show-value.ts";

const units: Readonly<Record<string, number>> = {
  MB: 1e6,
  GB: 1e9,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** Bytes, given as they are or as a text with a unit. */
export function parseBytes(given: unknown, option: string): number {
  const [, number, unit = ""] =
    /^([0-9.]{1,12}) ?([MG]i?B)$/.exec(typeof given === "string" ? given : "") ?? [];
  const bytes = typeof given === "number" ? given : Number(number) * (units[unit] ?? Number.NaN);
  if (Number.isFinite(bytes) && bytes > 0) return bytes;
  const wording: Wording = (show) =>
    `${show(option)} must be a size such as 4GB, 1.6GB or 800MB, got ${showValue(given)}.`;
  throw new InputError(wording);
}

/** `1.6 GB`, rounded up, or `750 MB` below one. */
export const showBytes = (bytes: number): string =>
  bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(Math.ceil(bytes / 1e8) / 10).toFixed(1)} GB`;
