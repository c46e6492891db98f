/** What is wrong with a value that does not fit its schema. */

import type { z } from "zod";
import { showValue } from "../files/show-value.ts";

/** The first thing that is wrong with a value: which key, and what it holds. */
export function describeIssue(error: z.ZodError, value: unknown): string {
  const path = error.issues[0]?.path ?? [];
  let at: unknown = value;
  for (const key of path) at = at !== null && typeof at === "object" ? Reflect.get(at, key) : undefined;
  return path.length === 0 ? `the file holds ${showValue(at)}` : `${path.join(".")} is ${showValue(at)}`;
}
