/** The trials of a plan of a study, on data sets and a model that are nowhere. */

import { type CellTrials, makeTrials } from "../src/study/cell-trials.ts";
import type { StudyPlan } from "../src/study/plan-study.ts";

export const cellsOf = (plan: StudyPlan): CellTrials[] =>
  plan.cells.map((cell) =>
    makeTrials(cell, {
      ...{ plan, folderOf: (name) => name, listings: new Map(plan.data.map(({ name }) => [name, name])) },
      common: {
        model: { sha256: "s", imageSize: [8, 8], heads: 1 },
        ...{ engine: { provider: "cpu", threads: 1 }, skipBadImages: false },
      },
      trial: {
        ...{ model: "m", features: "f", validationFraction: undefined, testFraction: undefined },
        ...{ imageSize: undefined, heads: undefined },
      },
    }),
  );
