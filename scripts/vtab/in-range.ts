/** Checks the numbers of originals that labels are made of. */

import { FileError } from "../../src/errors.ts";

export interface Range {
  /** Begins the message: what the number is, and where. */
  readonly where: string;
  readonly from: number;
  /** Inclusive. */
  readonly to: number;
}

/** `value`, which must be a whole number of the range. */
export function inRange(value: number | bigint, { where, from, to }: Range): number {
  const number = Number(value);
  if (Number.isInteger(number) && number >= from && number <= to) return number;
  throw new FileError(
    `${where} is ${value}; ${from} to ${to} are expected. The file is damaged; get it again.`,
  );
}
