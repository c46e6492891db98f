/** An evaluation as one HTML page: accuracies and how sure they are, the mistakes with their pictures, confusion, classes. */

import type { Metrics } from "../predict/metrics.ts";
import type { Reliability } from "../predict/reliability.ts";
import { renderClassTable } from "./class-table.ts";
import { confusedPairs } from "./confused-pairs.ts";
import { type LinkTo, mostMappedClasses, renderConfusionMap } from "./confusion-map.ts";
import { renderCorrectionBar } from "./corrections.ts";
import { correctionsScript } from "./corrections-script.ts";
import { describeAgreement } from "./describe-agreement.ts";
import { describeUses, type Notice } from "./describe-uses.ts";
import { type Evaluation, fewestForFive } from "./evaluation.ts";
import { formatAccuracy } from "./format-accuracy.ts";
import { breakable, type Html, html } from "./html.ts";
import { type PicturedMistake, renderGallery } from "./mistake-gallery.ts";
import { type Fact, type Headline, renderPage } from "./report-page.ts";

interface Report extends Evaluation {
  readonly title: string;
  readonly subtitle: string;
  /** All of them, the surest first. */
  readonly mistakes: readonly PicturedMistake[];
  /** Model, adapter, data: whatever a reader should know of where the numbers come from. */
  readonly facts: readonly Fact[];
}

const mostPairs = 10;

/** A whole HTML document that needs nothing beside it. */
export function renderReport(report: Report): string {
  const { title, subtitle, facts, mistakes } = report;
  const { sections, linkTo } = renderGallery(report, mistakes);
  const [surest, ...all] = sections;
  const isCorrectable = mistakes.some(({ name }) => name !== undefined);
  return renderPage({
    ...{ title, subtitle, facts },
    notices: [...describeUses(report), ...sayAgreement(report)],
    headlines: headlines(report),
    sections: [
      ...(surest ? [surest] : []),
      renderConfusion(report, linkTo),
      renderClassTable(report),
      ...all,
      ...(isCorrectable ? [renderCorrectionBar(report.classes)] : []),
    ],
    ...(isCorrectable && { script: correctionsScript }),
  });
}

const sayAgreement = ({ agreement, metrics }: Report): readonly Notice[] =>
  agreement ? [{ warning: false, text: describeAgreement(agreement, { of: metrics.examples }) }] : [];

function headlines({ metrics, split, classes, reliability }: Report): Headline[] {
  const { examples: images, macro, loss } = metrics;
  const accuracy = (name: string, [correct, percent]: readonly [number, number]): Headline => ({
    ...{ name, value: percent.toFixed(1), unit: "%" },
    note: formatAccuracy({ correct, images, split }),
  });
  const seen = metrics.perClass.filter(({ support }) => support > 0).length;
  const mean = `mean over ${seen.toLocaleString("en")} classes with images`;
  return [
    accuracy("top-1 accuracy", [metrics.correct, metrics.top1]),
    ...(classes.length < fewestForFive
      ? []
      : [accuracy("top-5 accuracy", [metrics.correctAmongFive, metrics.top5])]),
    { name: "recall", value: macro.recall.toFixed(1), unit: "%", note: mean },
    { name: "F1", value: macro.f1.toFixed(1), unit: "%", note: mean },
    {
      name: "loss",
      value: Number.isFinite(loss) ? loss.toFixed(3) : "–",
      note: "mean cross-entropy, in nats",
    },
    ...(reliability && Number.isFinite(reliability.calibration.ece) ? [calibrationError(reliability)] : []),
  ];
}

function calibrationError({ calibration, uncalibrated }: Reliability): Headline {
  const before = uncalibrated ? `${uncalibrated.ece.toFixed(3)} without the temperature` : "not calibrated";
  return { name: "calibration error", value: calibration.ece.toFixed(3), note: `ECE, 15 bins; ${before}` };
}

function renderConfusion(report: Report, linkTo: LinkTo): Html {
  const mapped = report.classes.length <= mostMappedClasses;
  const pairs = confusedPairs(report.metrics).slice(0, mostPairs);
  const listed = pairs.length === 0 ? "" : renderPairs(report, { pairs, linkTo });
  const links = pairs.some(({ label, predicted }) => linkTo(label, predicted) !== undefined)
    ? " A mistake leads to its pictures."
    : "";
  const says = mapped
    ? `Rows are the images' classes, columns what was predicted: blue is correct, red is wrong, and the stronger, the larger the share of the class.${links}`
    : `The most frequent mistakes.${links}`;
  return html`<section><h2>What is taken for what</h2><p class="soft">${says}</p><div class="beside">${mapped ? renderConfusionMap(report, linkTo) : ""}${listed}</div></section>`;
}

interface Pairs {
  readonly pairs: Metrics["confusion"];
  readonly linkTo: LinkTo;
}

function renderPairs({ classes, metrics }: Report, { pairs, linkTo }: Pairs): Html {
  const rows = pairs.map(({ label, predicted, count }) => {
    const share = Math.round((100 * count) / (metrics.perClass[label]?.support ?? count));
    const target = linkTo(label, predicted);
    const name = breakable(classes[predicted] ?? "");
    const linked = target === undefined ? name : html`<a href="#${target}">${name}</a>`;
    return html`<tr><td>${breakable(classes[label] ?? "")}</td><td>${linked}</td><td class="number">${count}</td><td class="number">${share} %</td></tr>`;
  });
  return html`<table><thead><tr><th>class</th><th>taken for</th><th class="number">images</th><th class="number">of the class</th></tr></thead><tbody>${rows}</tbody></table>`;
}
