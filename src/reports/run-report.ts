/** A training run as one HTML page: its curves of loss, accuracy and learning rate, and what it was. */

import { html } from "./html.ts";
import { type Line, renderLineChart } from "./line-chart.ts";
import { type Fact, renderPage } from "./report-page.ts";

/** What a run tells of itself, as its metrics file holds it. Other records are ignored. */
export type RunRecord =
  | { readonly type: "step"; readonly step: number; readonly loss: number; readonly learningRate: number }
  | {
      readonly type: "epoch";
      /** The first is 1. */
      readonly epoch: number;
      /** Steps done at its end. */
      readonly step: number;
      /** Mean loss over the epoch's training examples. */
      readonly trainLoss: number;
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
}

/** The page's width inside a section, and inside one of two beside each other. */
const [wide, narrow] = [974, 452];

/** A whole HTML document that needs nothing beside it. */
export function renderRunReport(records: readonly RunRecord[], { title, subtitle, facts }: RunFacts): string {
  const steps = records.filter((record) => record.type === "step");
  const epochs = records.filter((record) => record.type === "epoch");
  const stepsPerEpoch = (epochs.at(-1)?.step ?? 0) / (epochs.at(-1)?.epoch ?? 1) || 1;
  const xName = epochs.length > 0 ? "epoch" : "step";
  const trainLoss: Line = {
    name: "training",
    color: "main",
    points: steps.map(({ step, loss }) => ({ x: step / stepsPerEpoch, y: loss })),
  };
  const validated = epochs.filter((epoch) => epoch.valTop1 !== undefined || epoch.valLoss !== undefined);
  const best = epochs.findLast((epoch) => epoch.best);
  const mark = best === undefined ? {} : { mark: { x: best.epoch, name: "best" } };
  const valLine = (key: "valLoss" | "valTop1"): Line => ({
    name: "validation",
    color: "other",
    points: validated.map((epoch) => ({ x: epoch.epoch, y: epoch[key] ?? Number.NaN })),
  });

  const loss = renderLineChart({
    label: "Loss over the run",
    lines: [trainLoss, ...(validated.length > 0 ? [valLine("valLoss")] : [])],
    xName,
    yFormat: short,
    width: wide,
    ...mark,
  });
  const accuracy = renderLineChart({
    label: "Validation accuracy over the run",
    lines: [valLine("valTop1")],
    xName,
    yFormat: (value) => `${short(value)} %`,
    width: narrow,
    ...mark,
  });
  const rate = renderLineChart({
    label: "Learning rate over the run",
    lines: [
      {
        name: "learning rate",
        color: "third",
        points: steps.map(({ step, learningRate }) => ({ x: step / stepsPerEpoch, y: learningRate })),
      },
    ],
    xName,
    yFormat: short,
    width: validated.length > 0 ? narrow : wide,
  });
  const last = epochs.at(-1);
  return renderPage({
    title,
    subtitle,
    facts,
    headlines: [
      ...(best?.valTop1 === undefined
        ? []
        : [{ name: "best validation top-1", value: best.valTop1.toFixed(1), unit: "%" }]),
      ...(best === undefined
        ? []
        : [{ name: "best epoch", value: String(best.epoch), unit: `of ${last?.epoch}` }]),
      ...(last === undefined ? [] : [{ name: "last training loss", value: short(last.trainLoss) }]),
      { name: "steps", value: (steps.at(-1)?.step ?? last?.step ?? 0).toLocaleString("en") },
    ],
    sections: [
      html`<section><h2>Loss</h2>${loss}</section>`,
      html`<div class="beside charts">${validated.length > 0 ? html`<section><h2>Validation accuracy</h2>${accuracy}</section>` : ""}<section><h2>Learning rate</h2>${rate}</section></div>`,
    ],
  });
}

/** Up to three digits that matter. */
function short(value: number): string {
  if (!Number.isFinite(value)) return "–";
  return value !== 0 && Math.abs(value) < 1e-3
    ? value.toExponential(1)
    : String(Number(value.toPrecision(3)));
}
