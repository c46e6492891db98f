/** Shows a study's events: a live line over all trials on a terminal, a line per trial in a log, JSON lines for programs. */

import { renderDuration } from "../duration.ts";
import type { CostsEvent, StudyDoneEvent, StudyEvent, StudyStartEvent, TrialEvent } from "../node.ts";
import { renderTable } from "../table.ts";
import { print, say } from "./output.ts";
import { chooseProgressMode, openProgress, type ProgressDrawer } from "./progress.ts";

export interface StudyReporter {
  readonly report: (event: StudyEvent) => Promise<void>;
  readonly close: () => void;
}

interface Shown {
  readonly progress: ProgressDrawer;
  /** The most trials that were done or in part so, the most of the whole, and where the table lies. */
  readonly seen: { trials: number; share: number; files?: CostsEvent["files"] };
}

/** Text goes to stderr and the table to stdout, or JSON lines to stdout. */
export function openStudyReporter({ json }: { readonly json: boolean }): StudyReporter {
  const mode = chooseProgressMode(process.stderr, { json });
  const progress = openProgress({ mode });
  const seen: Shown["seen"] = { trials: 0, share: 0 };
  let shownMs = Number.NEGATIVE_INFINITY;
  /** How far trials are would drown what a program listens for. */
  const isDue = ({ type }: StudyEvent): boolean => {
    if (type !== "progress" && type !== "study-progress") return true;
    const due = performance.now() - shownMs >= 1000;
    if (due) shownMs = performance.now();
    return due;
  };
  return {
    report: async (event) => {
      if (!json) await show(event, { progress, seen });
      else if (isDue(event)) await print(`${JSON.stringify(event)}\n`);
    },
    close: () => progress.close(),
  };
}

/** Shows one event; the files of the table come before it. */
async function show(event: StudyEvent, { progress, seen }: Shown): Promise<void> {
  switch (event.type) {
    case "start":
      return progress.print(startLine(event));
    case "note":
      return progress.print(event.message);
    case "progress":
      return progress.update(event);
    case "study-progress": {
      const { done, trials: total, running, share, secondsLeft } = event;
      // A trial that fails has been for nothing, but the study has not begun again.
      seen.trials = Math.max(seen.trials, Math.min(total, Number((done + running).toFixed(1))));
      seen.share = Math.max(seen.share, share);
      // Before a trial is done there is nothing to judge by: no time is shown then.
      const leftMs = 1000 * (secondsLeft ?? 0);
      return progress.update({
        label: "study",
        ...{ done: seen.trials, total },
        unit: "trials",
        share: seen.share,
        leftMs,
      });
    }
    case "trial":
      return progress.print(trialLine(event));
    case "costs":
      seen.files = event.files;
      return progress.clear();
    case "stopped":
      return progress.clear();
    case "study":
      progress.clear();
      await say(renderStudy(event, seen.files));
  }
}

function startLine({ cells, trials, done, processes, queue, bucket, threads }: StudyStartEvent): string {
  const where =
    queue === undefined
      ? `${processes} side by side`
      : `handed to the workers of ${queue}${bucket === undefined ? "" : ` through ${bucket}`}`;
  return `${trials} trials for ${cells} ${cells === 1 ? "row" : "rows"}${done > 0 ? `, ${done} of them done before` : ""}; ${where}, ${threads} ${threads === 1 ? "thread" : "threads"} each.`;
}

function trialLine({ data, method, recipe, purpose, varied, seed, result, cost }: TrialEvent): string {
  const about = [data, method, ...(recipe === undefined ? [] : [recipe])];
  const settings = Object.entries(varied).map(([name, value]) => `${name} ${value}`);
  const words = [...about, ...settings, `seed ${seed}`].join(", ");
  return `${words}: ${scoreOf(result, purpose)}, ${renderDuration(1000 * cost.seconds)}`;
}

function scoreOf(
  { test, epochScores, diverged }: TrialEvent["result"],
  purpose: TrialEvent["purpose"],
): string {
  if (diverged !== undefined) return "diverged";
  if (test) return `${test.top1.toFixed(1)} % of ${test.images} test images`;
  if (!epochScores) return "no score";
  const { images, last, best } = epochScores;
  const split = purpose === "validate" ? "validation" : "test";
  return `${last.top1.toFixed(1)} % of ${images} ${split} images (last epoch; best ${best.top1.toFixed(1)} %)`;
}

/** The table of accuracies; all else is in the files. */
function renderStudy(
  { rows, means, select }: StudyDoneEvent,
  files: CostsEvent["files"] | undefined,
): string {
  const number = (title: string) => ({ title, align: "right" as const });
  const text = (value: { readonly mean: number; readonly std: number | null } | undefined) =>
    value === undefined
      ? "–"
      : `${value.mean.toFixed(1)}${value.std === null ? "" : ` ± ${value.std.toFixed(1)}`}`;
  const hasRecipes = rows.some(({ recipe }) => recipe !== undefined);
  const read = select === "test" ? "test %, BEST EPOCH ON TEST" : "test %, last epoch";
  const columns = [
    ...[{ title: "data" }, { title: "method" }, ...(hasRecipes ? [{ title: "recipe" }] : [])],
    ...[
      number("trainable"),
      number(read),
      number("test images"),
      number("val %, last epoch"),
      number("val images"),
    ],
  ];
  const lines = rows.map(({ data, method, recipe = "", trainable, test, val, copy }) => [
    ...[data, method, ...(hasRecipes ? [recipe] : [])],
    ...[trainable?.toLocaleString("en") ?? "–", text(test), String(test?.images ?? copy.images.test)],
    ...[text(val), String(val?.images ?? copy.images.val)],
  ]);
  const averages = means.map(({ method, recipe = "", sets, mean }) => [
    ...[`Mean${sets}`, method, ...(hasRecipes ? [recipe] : []), "", text(mean)],
  ]);
  const warning =
    select === "test"
      ? "\nThe epochs were CHOSEN ON TEST IMAGES, as the official code does: these numbers are too high.\n"
      : "";
  const places = files ? `\nThe whole table is ${files.markdown} and ${files.html}.` : "";
  return `${renderTable(columns, [...lines, ...averages])}\n${warning}${places}`;
}
