/** Shows a run's events: a live line on a terminal, plain lines in a log, JSON lines for programs. */

import { renderClock, renderDuration, renderRoughly } from "../duration.ts";
import type {
  ContinuedEvent,
  DoneEvent,
  EpochEvent,
  EstimateEvent,
  FoldEvent,
  ProbeEvent,
  StartEvent,
  TrainEvent,
} from "../node.ts";
import { print } from "./output.ts";
import { chooseProgressMode, openProgress, type ProgressStream } from "./progress.ts";

export interface Reporter {
  readonly report: (event: TrainEvent) => Promise<void>;
  readonly close: () => void;
}

interface ReporterOptions {
  readonly json: boolean;
  readonly brief?: boolean;
  /** Default standard error. */
  readonly stream?: ProgressStream;
}

/** Text goes to stderr, JSON lines to stdout. `brief` leaves out the line of each epoch. */
export function openReporter({ json, brief = false, stream }: ReporterOptions): Reporter {
  const mode = chooseProgressMode(stream ?? process.stderr, { json });
  const progress = openProgress(stream ? { mode, stream, color: false } : { mode });
  const render = trainingLines();
  let shownMs = Number.NEGATIVE_INFINITY;
  /** A line an image would drown what a program listens for. */
  const isDue = (event: TrainEvent): boolean => {
    if (event.type !== "progress" || event.done >= event.total) return true;
    const due = performance.now() - shownMs >= 1000;
    if (due) shownMs = performance.now();
    return due;
  };
  return {
    report: async (event) => {
      if (json) {
        if (isDue(event)) await print(`${JSON.stringify(event)}\n`);
      }
      // Each epoch validates, often in a moment: a log needs no line for that.
      else if (event.type === "progress" && (mode === "live" || event.label !== "validating"))
        progress.update(event);
      else if (event.type === "progress" || (brief && event.type === "epoch")) return;
      else if (event.type === "estimate") {
        if (!brief && event.seconds >= leastEstimate) progress.print(estimateLine(event), { passing: true });
      } else if (event.type === "step") progress.update(stepProgress(event));
      else {
        if (event.type === "done" || event.type === "stopped") progress.clear();
        for (const line of render(event)) progress.print(line);
      }
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

/** In seconds: what is over sooner needs no announcement. */
const leastEstimate = 10;

/** `about 7 min: 20 epochs of 133 images at 38 images/s, by the first steps`. */
function estimateLine({
  seconds,
  epochs,
  folds,
  images,
  imagesPerSecond,
  measuredOn,
}: EstimateEvent): string {
  const speed = imagesPerSecond === 0 ? "" : ` at ${renderSpeed(imagesPerSecond)} images/s`;
  const often = folds > 0 ? `, ${folds} folds and all` : "";
  const work = `${count(epochs)} ${epochs === 1 ? "epoch" : "epochs"} of ${count(images)} images${often}${speed}`;
  return `about ${renderRoughly(1000 * seconds)}: ${work}, by the first ${measuredOn}`;
}

/** Two digits that matter. */
const renderSpeed = (speed: number): string => (speed < 10 ? speed.toPrecision(2) : count(Math.round(speed)));

type Printed = Exclude<TrainEvent, { type: "progress" | "step" | "estimate" }>;

/** What is printed of each event of one run: twenty epochs, what comes before and what after fit on a screen of 24 lines. */
export function trainingLines(): (event: Printed) => string[] {
  let start: StartEvent | undefined;
  return (event) => {
    if (event.type === "start") {
      start = event;
      return startLines(event);
    }
    if (event.type === "note") return [event.message];
    if (event.type === "probe") return [probeLine(event)];
    if (event.type === "continued") return [continuedLine(event)];
    if (event.type === "fold") return [foldLine(event)];
    // Folds are told when they end.
    if (event.type === "epoch") return event.fold === undefined ? [epochLine(event, start?.epochs)] : [];
    return event.type === "done" ? doneLines(event, start) : [];
  };
}

const count = (number: number): string => number.toLocaleString("en");

function startLines({
  method,
  trainable,
  headTrainable,
  trainExamples,
  valExamples,
  folds,
  resumedAt,
  keptShare = 0,
  recompute = false,
  microBatchSize,
}: StartEvent): string[] {
  const held = valExamples > 0 ? `, ${count(valExamples)} to validate` : "";
  const validated = folds > 0 ? `, ${folds}-fold cross-validated` : held;
  const parameters = `${count(trainable)} parameters (head ${count(headTrainable)})`;
  const line = `${method} trains ${parameters} on ${count(trainExamples)} images${validated}`;
  const kept = `Frozen lower blocks are computed once: ${Math.round(100 * keptShare)} % of the products of a step are saved.`;
  const again = `${microBatchSize} ${microBatchSize === 1 ? "image" : "images"}`;
  return [
    line,
    ...(keptShare > 0 ? [kept] : []),
    ...(recompute ? [`Blocks are computed twice to save memory, ${again} at once.`] : []),
    ...(resumedAt > 0 ? [`Resuming after step ${count(resumedAt)}.`] : []),
  ];
}

function probeLine({ valTop1, seconds, penalty }: ProbeEvent): string {
  const val = valTop1 === undefined ? "" : `  val ${valTop1.toFixed(1).padStart(5)} % *`;
  const head = penalty === undefined ? "the model's own head" : "linear probe on frozen features";
  return `${head}${val}  ${renderClock(1000 * seconds)}`;
}

function continuedLine({ valTop1, newClasses, penalty, seconds }: ContinuedEvent): string {
  const how = penalty === undefined ? "of zeros" : "by a linear probe";
  const fresh = newClasses > 0 ? `, new rows ${how}` : "";
  const val = valTop1 === undefined ? "" : `  val ${valTop1.toFixed(1).padStart(5)} % *`;
  return `the start, as continued${fresh}${val}  ${renderClock(1000 * seconds)}`;
}

/** `fold 1/4  before  61.5 %  after training  73.1 % of 26 images held out`, before with the head that training starts from. */
function foldLine({ fold, folds, probeTop1, top1, examples, seconds }: FoldEvent): string {
  const percent = (value: number) => `${value.toFixed(1).padStart(5)} %`;
  const trained = `after training ${percent(top1)} of ${count(examples)} images held out`;
  return `fold ${fold + 1}/${folds}  before ${percent(probeTop1)}  ${trained}  ${renderClock(1000 * seconds)}`;
}

/** A star marks what would be kept so far. */
function epochLine(event: EpochEvent, epochs: number | undefined): string {
  const { epoch, trainLoss, trainTop1, valTop1, best, seconds, waitSeconds } = event;
  const whole = epochs === undefined ? "" : `/${epochs}`;
  const percent = (top1: number) => `${top1.toFixed(1).padStart(5)} %`;
  return [
    `epoch ${String(epoch + 1).padStart(Math.max(2, whole.length - 1))}${whole}`,
    `loss ${trainLoss.toFixed(4)}`,
    `train ${percent(trainTop1)}`,
    ...(valTop1 === undefined ? [] : [`val ${percent(valTop1)} ${best ? "*" : " "}`]),
    renderClock(1000 * seconds),
    ...(waitSeconds > noticed * seconds
      ? [`waited for images ${Math.round((100 * waitSeconds) / seconds)} %`]
      : []),
  ].join("  ");
}

/** The share of an epoch from which waiting is told: more decoders, or images as small as they are used, would help. */
const noticed = 0.1;

/** A run that was stopped early, or finished before, has room for a third line. */
function doneLines(event: DoneEvent, start: StartEvent | undefined): string[] {
  const { adapter, report, epoch, seconds, stoppedEarly, continued, ownHead, finishedBefore } = event;
  const epochs = finishedBefore?.epochs ?? start?.epochs;
  const before = continued ? "the start" : ownHead ? "the model's own head" : "the linear probe";
  const kept = epoch < 0 ? before : `epoch ${epoch + 1}${epochs ? ` of ${epochs}` : ""}`;
  return [
    ...(finishedBefore ? ["This run is finished; nothing was left to train."] : []),
    ...(stoppedEarly ? ["Stopped early, patience exhausted."] : []),
    `Kept ${kept}${accuracyOf(event)}`,
    `Done in ${renderDuration(1000 * seconds)}: ${adapter}   Curves: ${report}`,
  ];
}

function accuracyOf({ epoch, validation, valTop1, valExamples = 0, valInterval }: DoneEvent): string {
  if (valTop1 === undefined || !valInterval)
    return `${epoch < 0 ? "" : ", the last"}. Nothing validated: no accuracy, no calibration.`;
  const interval = `95 % interval ${valInterval.map((end) => end.toFixed(1)).join(" to ")}`;
  const images = validation === "cross-validation" ? "images, cross-validated" : "val images";
  return `: ${valTop1.toFixed(1)} % (${interval}) of ${count(valExamples)} ${images}.`;
}
