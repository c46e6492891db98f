/** What the report of a study says: its protocol in sentences, and its tables as rows of text. */

import { accuracies, differences } from "./accuracy-sections.ts";
import { costs, dataSets, details, preprocessing } from "./detail-sections.ts";
import type { Section, StudyReport } from "./study-report.ts";

interface Sections {
  readonly title: string;
  readonly subtitle: string;
  readonly warnings: readonly string[];
  readonly paragraphs: readonly string[];
  readonly sections: readonly Section[];
}

const sectionsOf = (report: StudyReport): readonly Section[] => [
  accuracies(report),
  ...differences(report),
  details(report),
  preprocessing(report),
  dataSets(report),
  ...costs(report),
];

export function studySections(report: StudyReport): Sections {
  const { input, plan, model } = report;
  const sets = plan.data.map(({ name }) => name).join(", ");
  return {
    title: input.preset === undefined ? `Study of ${model}` : `Study of ${model}: ${input.preset}`,
    subtitle: `${count(plan.data.length, "data set")}: ${sets}`,
    warnings: warningsOf(report),
    paragraphs: [protocol(report)],
    sections: sectionsOf(report),
  };
}

const count = (number: number, one: string): string =>
  `${number.toLocaleString("en")} ${one}${number === 1 ? "" : "s"}`;

const testSelected =
  "The epochs are CHOSEN ON TEST IMAGES, as the official code of RLRR does. These accuracies are higher than anybody will get on new images, and may not be compared with numbers that were read once.";

function warningsOf({ plan, table: { rows } }: StudyReport): readonly string[] {
  const missing = rows.reduce((sum, row) => sum + row.missing, 0);
  const diverged = rows.reduce((sum, row) => sum + row.diverged, 0);
  return [
    ...(plan.select === "test" ? [testSelected] : []),
    ...(missing > 0 ? [`Not finished: ${count(missing, "trial")} on test images to go.`] : []),
    ...(diverged > 0 ? [`${count(diverged, "trial")} diverged: rows without a test accuracy.`] : []),
  ];
}

function protocol({ plan }: StudyReport): string {
  const { cells, seeds, tuneSeeds, select } = plan;
  const tuned = new Set(
    cells.flatMap(({ settings }) => (settings.length > 1 ? Object.keys(settings[0]?.varied ?? {}) : [])),
  );
  const chosen =
    tuned.size === 0
      ? "Nothing was tuned."
      : `Chosen on validation images, by the last epoch of ${count(tuneSeeds.length, "training")} without them each: ${[...tuned].join(", ")}.`;
  const read =
    select === "test"
      ? "Then training and validation images are trained on, and test images are read after every epoch."
      : "Then training and validation images are trained on, and test images are read once, after the last epoch.";
  const spread =
    seeds.length > 1
      ? `mean ± sample standard deviation over ${seeds.length} seeds (${seeds.join(", ")})`
      : `one seed (${seeds[0]})`;
  return `Accuracies are top-1 in percent, ${spread}. ${chosen} ${read}`;
}
