/** What the trials of a row took: time and memory, which differ from machine to machine and so stand apart from the table. */

import { type CellTrials, chooseSetting, type Records } from "./cell-trials.ts";
import type { CostRow } from "./events.ts";
import { meanOf } from "./statistics.ts";

/** Means over the final trials of each row that has any. */
export const costsOf = (cells: readonly CellTrials[], records: Records): readonly CostRow[] =>
  cells.flatMap((trials): CostRow[] => {
    const { data, method, recipe } = trials.cell;
    const setting = chooseSetting(trials, records);
    const final = setting === undefined ? [] : (trials.final[setting] ?? []);
    const costs = final.flatMap(({ name }) => records.get(name)?.cost ?? []);
    if (costs.length === 0) return [];
    return [
      {
        ...{ data: data.name, method: method.label },
        ...(recipe !== undefined && { recipe }),
        seconds: meanOf(costs.map(({ seconds }) => seconds)),
        peakBytes: Math.max(...costs.map(({ peakBytes }) => peakBytes)),
        trials: costs.length,
      },
    ];
  });
