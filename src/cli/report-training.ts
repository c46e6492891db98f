/** Shows a run's events: a live line on a terminal, plain lines in a log, JSON lines for programs. */

import { renderDuration } from "../duration.ts";
import type { TrainEvent } from "../runs/events.ts";
import { chooseProgressMode, openProgress } from "./progress.ts";

export interface Reporter {
  readonly report: (event: TrainEvent) => void;
  readonly close: () => void;
}

/** Text goes to stderr, JSON lines to stdout. `brief` leaves out the line of each epoch. */
export function openReporter({ json, brief = false }: { json: boolean; brief?: boolean }): Reporter {
  const mode = chooseProgressMode(process.stderr, { json });
  const progress = openProgress({ mode });
  const print = (line: string) => progress.print(line);
  let shownMs = Number.NEGATIVE_INFINITY;
  /** A line an image would drown what a program listens for. */
  const isDue = (event: TrainEvent): boolean => {
    if (event.type !== "progress" || event.done >= event.total) return true;
    const due = performance.now() - shownMs >= 1000;
    if (due) shownMs = performance.now();
    return due;
  };
  return {
    report: (event) => {
      if (json) {
        if (isDue(event)) process.stdout.write(`${JSON.stringify(event)}\n`);
      }
      // Each epoch validates, often in a moment: a log needs no line for that.
      else if (event.type === "progress" && (mode === "live" || event.label !== "validating"))
        progress.update(event);
      else if (event.type === "progress" || (brief && event.type === "epoch")) return;
      else if (event.type === "step") progress.update(stepProgress(event));
      else for (const line of linesOf(event)) print(line);
    },
    close: () => progress.close(),
  };
}

const stepProgress = ({ step, steps, loss, imagesPerSecond }: Extract<TrainEvent, { type: "step" }>) => ({
  label: "training",
  done: step,
  total: steps,
  unit: "steps",
  extra: `loss ${loss.toFixed(4)}, ${imagesPerSecond.toFixed(1)} images/s`,
});

type Printed = Exclude<TrainEvent, { type: "progress" | "step" }>;

function linesOf(event: Printed): string[] {
  if (event.type === "note") return [event.message];
  if (event.type === "start") return startLines(event);
  if (event.type === "epoch") return [epochLine(event)];
  if (event.type === "done") return doneLines(event);
  return [];
}

const count = (number: number): string => number.toLocaleString("en");

function startLines(event: Extract<Printed, { type: "start" }>): string[] {
  const { method, trainable, headTrainable, backbone, classes, trainExamples, valExamples } = event;
  const share = ((100 * (trainable - headTrainable)) / backbone).toFixed(2);
  const lines = [
    `${method}: ${count(trainable)} numbers train, ${count(headTrainable)} of them the head's; the others are ${share} % of the backbone's ${count(backbone)}.`,
    `${count(trainExamples)} training and ${count(valExamples)} validation images of ${classes} classes, ${count(event.epochs)} epochs, ${count(event.steps)} steps.`,
  ];
  return event.resumedAt > 0 ? [...lines, `Going on from step ${event.resumedAt}.`] : lines;
}

function epochLine({
  epoch,
  trainLoss,
  trainTop1,
  valLoss,
  valTop1,
  best,
  learningRate,
  seconds,
}: Extract<Printed, { type: "epoch" }>): string {
  const val =
    valTop1 === undefined
      ? ""
      : `  val ${valTop1.toFixed(2)} % (loss ${valLoss?.toFixed(4)})${best ? "  best" : ""}`;
  return `epoch ${String(epoch + 1).padStart(3)}  rate ${learningRate.toExponential(2)}  loss ${trainLoss.toFixed(4)}  train ${trainTop1.toFixed(2)} %${val}  ${renderDuration(1000 * seconds)}`;
}

function doneLines({
  adapter,
  report,
  epoch,
  valTop1,
  seconds,
  stoppedEarly,
}: Extract<Printed, { type: "done" }>): string[] {
  const why = valTop1 === undefined ? "the last" : `best on validation: ${valTop1.toFixed(2)} %`;
  return [
    `${stoppedEarly ? "Stopped early" : "Done"} in ${renderDuration(1000 * seconds)}. Kept epoch ${epoch + 1}, ${why}.`,
    `The adapter is ${adapter}; its curves are in ${report}.`,
  ];
}
