/** A training run as one HTML page: its curves of accuracy, loss and learning rate, what it changed, and what it was. */

import { renderChanges, type TensorChange } from "./change-map.ts";
import { formatAccuracy } from "./format-accuracy.ts";
import { type Html, html } from "./html.ts";
import { type Line, renderLineChart, shortNumber } from "./line-chart.ts";
import { type Fact, type Headline, renderPage } from "./report-page.ts";

/** What a run tells of itself, as its metrics file holds it. Other records are ignored. */
export type RunRecord =
  | { readonly type: "probe"; readonly valTop1?: number; readonly penalty?: number }
  | { readonly type: "step"; readonly step: number; readonly loss: number; readonly learningRate: number }
  | {
      readonly type: "epoch";
      /** The first is 1. */
      readonly epoch: number;
      /** Steps done at its end. */
      readonly step: number;
      /** Mean loss over the epoch's training examples. */
      readonly trainLoss: number;
      /** Percent, on the batches as they were trained on. */
      readonly trainTop1?: number;
      /** Absent where nothing was validated. */
      readonly valLoss?: number;
      readonly valTop1?: number;
      /** Whether it was better than all before it. */
      readonly best?: boolean;
    };

export interface RunFacts {
  readonly title: string;
  readonly subtitle: string;
  readonly facts: readonly Fact[];
  readonly trainImages: number;
  readonly valImages: number;
  /** How far training has moved each tensor; none where only the head trains, or nothing is kept yet. */
  readonly changes: readonly TensorChange[];
  /** Whether the images that validated are the training images, each by a model that was not trained on it. */
  readonly crossValidated?: boolean;
}

/** A whole HTML document that needs nothing beside it. */
export function renderRunReport(records: readonly RunRecord[], about: RunFacts): string {
  const { title, subtitle, facts, changes } = about;
  return renderPage({
    title,
    subtitle,
    facts,
    headlines: headlines(records, about),
    sections: [...sections(records), ...renderChanges(changes)],
  });
}

function headlines(records: readonly RunRecord[], about: RunFacts): Headline[] {
  const { trainImages } = about;
  const epochs = records.filter((record) => record.type === "epoch");
  const last = epochs.at(-1);
  const probe = records.findLast((record) => record.type === "probe");
  const best = epochs.findLast((epoch) => epoch.best);
  if (best === undefined && probe?.valTop1 !== undefined)
    return [
      validationAccuracy(probe.valTop1, about),
      {
        ...{ name: "kept", value: probe.penalty === undefined ? "the model's own head" : "linear probe" },
        note: last ? `none of ${last.epoch} epochs was better` : "no epoch was trained",
      },
    ];
  if (last === undefined) return [{ name: "epochs so far", value: "0" }];
  const kept = best ?? last;
  return [
    validationAccuracy(kept.valTop1, about),
    ...(kept.trainTop1 === undefined
      ? []
      : [accuracy("training", { top1: kept.trainTop1, images: trainImages })]),
    {
      name: best === undefined ? "last epoch" : "best epoch",
      value: String(kept.epoch),
      unit: `of ${last.epoch}`,
      note: best === undefined ? "kept" : "kept; both accuracies are this epoch's",
    },
    { name: "training loss", value: shortNumber(kept.trainLoss), note: `mean over epoch ${kept.epoch}` },
  ];
}

const validationAccuracy = (
  top1: number | undefined,
  { valImages: images, crossValidated = false }: RunFacts,
): Headline =>
  top1 === undefined
    ? { name: "validation accuracy", value: "none", note: "nothing was validated, so no accuracy is known" }
    : accuracy(crossValidated ? "cross-validated" : "validation", { top1, images });

function accuracy(
  split: string,
  { top1, images }: { readonly top1: number; readonly images: number },
): Headline {
  const correct = Math.round((top1 * images) / 100);
  const note = formatAccuracy({ correct, images, split });
  return { name: `${split} accuracy (top-1)`, value: top1.toFixed(1), unit: "%", note };
}

function sections(records: readonly RunRecord[]): Html[] {
  const steps = records.filter((record) => record.type === "step");
  const epochs = records.filter((record) => record.type === "epoch");
  const stepsPerEpoch = (epochs.at(-1)?.step ?? 0) / (epochs.at(-1)?.epoch ?? 1) || 1;
  const xName = epochs.length > 0 ? "epoch" : "step";
  const best = epochs.findLast((epoch) => epoch.best);
  const mark = best === undefined ? {} : { mark: { x: best.epoch, name: "best" } };
  const ofSteps = (key: "loss" | "learningRate") =>
    steps.map((record) => ({ x: record.step / stepsPerEpoch, y: record[key] }));
  const ofEpochs = (key: "trainTop1" | "valLoss" | "valTop1") =>
    epochs.flatMap((record) => {
      const y = record[key];
      return y === undefined ? [] : [{ x: record.epoch, y }];
    });
  const known = (lines: readonly Line[]): Line[] => lines.filter(({ points }) => points.length > 0);
  const loss = known([
    { name: "training", color: "main", points: ofSteps("loss") },
    { name: "validation", color: "other", points: ofEpochs("valLoss") },
  ]);
  const accuracy = known([
    { name: "training", color: "main", points: ofEpochs("trainTop1") },
    { name: "validation", color: "other", points: ofEpochs("valTop1") },
  ]);
  const rate: Line = { name: "learning rate", color: "third", points: ofSteps("learningRate") };
  const lossChart = renderLineChart({ label: "Loss", lines: loss, xName, scale: "log", ...mark });
  const accuracyChart = renderLineChart({
    label: "Accuracy",
    lines: accuracy,
    xName,
    unit: "%",
    yTop: 100,
    ...mark,
  });
  const rateChart = renderLineChart({ label: "Learning rate", lines: [rate], xName });
  return [
    ...(accuracy.length > 0 ? [html`<section><h2>Accuracy</h2>${accuracyChart}</section>`] : []),
    html`<div class="beside charts"><section><h2>Loss</h2>${lossChart}</section><section><h2>Learning rate</h2>${rateChart}</section></div>`,
  ];
}
