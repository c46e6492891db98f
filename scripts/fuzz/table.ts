/** Every reader of bytes, texts and paths that nobody vouches for, and why other exports of such names need no case. */

import { configCases } from "./config-cases.ts";
import { dataCases } from "./data-cases.ts";
import type { FuzzCase } from "./fuzz-case.ts";
import { imageCases } from "./image-cases.ts";
import { placeCases } from "./place-cases.ts";
import { weightCases } from "./weight-cases.ts";

export const cases: readonly FuzzCase[] = [
  ...weightCases,
  ...configCases,
  ...imageCases,
  ...dataCases,
  ...placeCases,
];
