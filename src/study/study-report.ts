/** What a report of a study is made of, and how its numbers are written. */

import type { CostRow } from "./events.ts";
import type { StudyPlan } from "./plan-study.ts";
import type { DataCopy } from "./study-data.ts";
import type { StudyInput } from "./study-schema.ts";
import type { SeedScores, StudyTable } from "./tabulate.ts";

export interface StudyReport {
  readonly input: StudyInput;
  readonly plan: StudyPlan;
  readonly copies: ReadonlyMap<string, DataCopy>;
  readonly table: StudyTable;
  readonly costs: readonly CostRow[];
  /** The model's name. */
  readonly model: string;
}

export interface Section {
  readonly title: string;
  /** What the numbers are; may be empty. */
  readonly note: string;
  readonly columns: readonly { readonly title: string; readonly number?: boolean }[];
  readonly rows: readonly (readonly string[])[];
}

export const label = ({ method, recipe }: { readonly method: string; readonly recipe?: string }): string =>
  recipe === undefined ? method : `${method}, ${recipe}`;

export const percent = (value: number): string => value.toFixed(1);
export const scored = (scores: Pick<SeedScores, "mean" | "std"> | undefined): string =>
  scores === undefined
    ? "–"
    : scores.std === null
      ? percent(scores.mean)
      : `${percent(scores.mean)} ± ${percent(scores.std)}`;
export const signed = (value: number): string => `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(1)}`;
