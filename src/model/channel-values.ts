/** The mean or the std of a configuration: three numbers, or one that is meant for all three channels. */

import { z } from "zod";

export const channelValuesSchema = z.union([z.number(), z.tuple([z.number(), z.number(), z.number()])]);

export type Triple = readonly [red: number, green: number, blue: number];

export function tripleOf(value: number | Triple): Triple {
  return typeof value === "number" ? [value, value, value] : value;
}
