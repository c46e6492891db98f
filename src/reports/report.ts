/** An evaluation as one HTML page: headline numbers, the worst mistakes with their pictures, classes, and confusion. */

import { basename } from "node:path";
import { confusedPairs } from "./confused-pairs.ts";
import { mostMappedClasses, renderConfusionMap } from "./confusion-map.ts";
import type { Evaluation } from "./evaluation.ts";
import { type Html, html } from "./html.ts";
import { type Fact, renderPage } from "./report-page.ts";
import type { Mistake } from "./worst-mistakes.ts";

/** A mistake, the file it was made on, and a picture of it where one could be made. */
export interface PicturedMistake extends Mistake {
  readonly path: string;
  /** A data URI. */
  readonly thumbnail: string | undefined;
}

interface Report extends Evaluation {
  readonly title: string;
  readonly subtitle: string;
  readonly mistakes: readonly PicturedMistake[];
  /** Model, adapter, data: whatever a reader should know of where the numbers come from. */
  readonly facts: readonly Fact[];
}

/** So many classes are shown at once; the others open on a click. */
const mostOpen = 25;
const mostPairs = 8;

/** A whole HTML document that needs nothing beside it. */
export function renderReport(report: Report): string {
  const { title, subtitle, facts, metrics } = report;
  return renderPage({
    title,
    subtitle,
    facts,
    headlines: [
      { name: "top-1 accuracy", value: metrics.top1.toFixed(1), unit: "%" },
      { name: "top-5 accuracy", value: metrics.top5.toFixed(1), unit: "%" },
      { name: "mean F1", value: metrics.macro.f1.toFixed(1), unit: "%" },
      { name: "loss", value: Number.isFinite(metrics.loss) ? metrics.loss.toFixed(3) : "–" },
      { name: `${report.split} images`, value: metrics.examples.toLocaleString("en") },
    ],
    sections: [renderMistakes(report), renderConfusion(report), renderClasses(report)],
  });
}

function percent(probability: number): string {
  return `${(100 * probability).toFixed(probability > 0.995 || probability < 0.01 ? 1 : 0)} %`;
}

function renderMistakes({ mistakes, classes, metrics }: Report): Html {
  const wrong = metrics.predictions.length - metrics.perClass.reduce((sum, { correct }) => sum + correct, 0);
  const broken =
    metrics.broken === 0 ? "" : html` ${metrics.broken} gave logits that are not finite and count as wrong.`;
  if (mistakes.length === 0)
    return html`<section><h2>No mistakes</h2><p class="soft">Every image is labelled as it should be.${broken}</p></section>`;
  const cards = mistakes.map((one) => {
    const picture =
      one.thumbnail === undefined
        ? html`no picture`
        : html`<img src="${one.thumbnail}" alt="" loading="lazy">`;
    const [said, right] = [classes[one.predicted] ?? "", classes[one.label] ?? ""];
    return html`<li><figure><div class="picture">${picture}</div><figcaption><span class="said">${said}</span> ${percent(one.predictedProbability)}<br><span class="soft">is</span> <span class="right">${right}</span> <span class="soft">${percent(one.labelProbability)}</span><div class="file" title="${one.path}">${basename(one.path)}</div></figcaption></figure></li>`;
  });
  return html`<section><h2>Worst mistakes</h2><p class="soft">${mistakes.length} of ${wrong} wrong images, those whose right class was thought least likely.${broken}</p><ul class="gallery">${cards}</ul></section>`;
}

function renderClasses({ classes, metrics }: Report): Html {
  const rows = metrics.perClass
    .map((one, index) => ({ ...one, name: classes[index] ?? String(index) }))
    .sort((a, b) => (a.f1 ?? 101) - (b.f1 ?? 101))
    .map(
      (one) =>
        html`<tr><td class="name">${one.name}</td><td class="bar"><div class="track"><i style="width:${(one.f1 ?? 0).toFixed(1)}%"></i></div></td><td class="number">${score(one.f1)}</td><td class="number">${score(one.precision)}</td><td class="number">${score(one.recall)}</td><td class="number">${one.support}</td></tr>`,
    );
  const table = (part: readonly Html[]): Html =>
    html`<table><thead><tr><th>class</th><th class="bar"></th><th class="number">F1</th><th class="number">precision</th><th class="number">recall</th><th class="number">images</th></tr></thead><tbody>${part}</tbody></table>`;
  const rest = rows.slice(mostOpen);
  const more =
    rest.length === 0 ? "" : html`<details><summary>${rest.length} more</summary>${table(rest)}</details>`;
  return html`<section><h2>Classes</h2><p class="soft">Lowest F1 first, in percent.</p>${table(rows.slice(0, mostOpen))}${more}</section>`;
}

function score(value: number | undefined): string {
  return value === undefined ? "–" : value.toFixed(1);
}

function renderConfusion(report: Report): Html {
  const { classes, metrics } = report;
  const mapped = classes.length <= mostMappedClasses;
  const map = mapped ? renderConfusionMap(report) : "";
  const pairs = confusedPairs(metrics).slice(0, mostPairs);
  const listed = pairs.length === 0 ? "" : renderPairs(report, pairs);
  const says = mapped
    ? "Rows are the right classes, columns what was predicted; each row's strength is its share of the class."
    : "The most frequent mistakes.";
  return html`<section><h2>What is taken for what</h2><p class="soft">${says}</p><div class="beside">${map}${listed}</div></section>`;
}

function renderPairs({ classes, metrics }: Report, pairs: ReturnType<typeof confusedPairs>): Html {
  const rows = pairs.map(({ label, predicted, count }) => {
    const share = Math.round((100 * count) / Math.max(1, metrics.perClass[label]?.support ?? 0));
    return html`<tr><td>${classes[label] ?? ""}</td><td>${classes[predicted] ?? ""}</td><td class="number">${count}</td><td class="number">${share} %</td></tr>`;
  });
  return html`<table><thead><tr><th>class</th><th>taken for</th><th class="number">images</th><th class="number">of the class</th></tr></thead><tbody>${rows}</tbody></table>`;
}
