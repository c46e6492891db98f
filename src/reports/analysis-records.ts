/** An analysis as the records that `rlrr analyze --json` prints: the base, then each adapter. */

import { wilsonInterval } from "../predict/wilson.ts";
import type { Analysis, AnalyzedAdapter, Kept, Measured } from "./analysis.ts";
import { summarise } from "./summarise-analysis.ts";

/** One JSON line each. Singular values have 7 significant digits. */
export function analysisRecords({ base, adapters, notes }: Analysis): readonly object[] {
  return [
    {
      ...{ type: "base", model: base.id, sha256: base.sha256, top: base.top, notes },
      ...(base.kept && { kept: keptRecord(base.kept) }),
      matrices: base.matrices.map(({ values, ...matrix }) => ({ ...matrix, values: rounded(values) })),
    },
    ...adapters.map(adapterRecord),
  ];
}

function adapterRecord(adapter: AnalyzedAdapter): object {
  const { matrices, task, kept, validation, unmergeable, ...rest } = adapter;
  return {
    ...{ type: "adapter", ...rest },
    ...(unmergeable !== undefined && { unmergeable }),
    ...(validation && { validation }),
    ...(task && { task: measuredRecord(task) }),
    ...(kept && { kept: keptRecord(kept) }),
    means: summarise(adapter),
    matrices: matrices.map(({ values, changeValues, ...matrix }) => ({
      ...matrix,
      ...{ values: rounded(values), changeValues: rounded(changeValues) },
    })),
  };
}

const measuredRecord = (measured: Measured): object => ({
  ...measured,
  interval: wilsonInterval(measured.correct, measured.images),
});

const keptRecord = ({ probe, baseProbe, ownHead, trainImages }: Kept): object => ({
  ...{ trainImages, probe: measuredRecord(probe), baseProbe: measuredRecord(baseProbe) },
  ...(ownHead && { ownHead: measuredRecord(ownHead) }),
});

const rounded = (values: Float64Array): readonly number[] =>
  Array.from(values, (value) => Number(value.toPrecision(7)));
