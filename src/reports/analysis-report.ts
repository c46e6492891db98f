/** An analysis as one HTML page: the trade between retaining and adapting, and what became of each weight, method beside method. */

import { wilsonInterval } from "../predict/wilson.ts";
import type { Analysis, AnalyzedAdapter, Measured } from "./analysis.ts";
import { renderChangedWeights, renderSimilarity, renderSpectra } from "./analysis-maps.ts";
import { formatAccuracy } from "./format-accuracy.ts";
import { type Html, html } from "./html.ts";
import { type Headline, renderPage } from "./report-page.ts";
import { type Dot, renderScatterChart } from "./scatter-chart.ts";
import { measures, sayUnmergeable, summarise } from "./summarise-analysis.ts";

/** A whole HTML document that needs nothing beside it. */
export function renderAnalysisReport(analysis: Analysis): string {
  const { base, adapters, notes } = analysis;
  const said = [...adapters.flatMap((adapter) => sayUnmergeable(adapter) ?? []), ...notes];
  return renderPage({
    title: adapters.length === 1 ? `What ${adapters[0]?.name} changed` : "What each adapter changed",
    subtitle: `${adapters.map(({ name }) => name).join(", ")} on ${base.id}`,
    notices: said.map((text) => ({ warning: false, text })),
    headlines: headlines(analysis),
    facts: [
      ["base", base.id],
      ["weights changed", `${base.matrices.length} matrices by one adapter or more`],
      ["subspaces", `of the ${base.top} largest singular values`],
      ...adapters.map(({ name, path }) => [name, path] as const),
    ],
    sections: [
      ...renderTrade(analysis),
      renderTable(analysis),
      ...renderSimilarity(analysis),
      ...renderChangedWeights(analysis),
      ...renderSpectra(analysis),
    ],
  });
}

const accuracyNote = ({ correct, images, split }: Measured): string =>
  formatAccuracy({ correct, images, split });

function headlines({ base, adapters }: Analysis): Headline[] {
  const best = (of: (adapter: AnalyzedAdapter) => number | undefined) =>
    adapters
      .flatMap((adapter) => {
        const value = of(adapter);
        return value === undefined ? [] : [{ adapter, value }];
      })
      .toSorted((a, b) => b.value - a.value)[0];
  const task = best(({ task }) => task?.top1);
  const alike = best(({ similarity }) => similarity?.feature);
  const kept = best(({ kept }) => kept?.probe.top1);
  return [
    { name: adapters.length === 1 ? "adapter" : "adapters of one base", value: String(adapters.length) },
    ...(task?.adapter.task
      ? [
          {
            ...{ name: `highest accuracy: ${task.adapter.name}`, value: task.value.toFixed(1), unit: "%" },
            note: accuracyNote(task.adapter.task),
          },
        ]
      : []),
    ...(alike?.adapter.similarity
      ? [
          {
            ...{ name: `features most alike: ${alike.adapter.name}`, value: alike.value.toFixed(3) },
            note: `linear CKA, ${alike.adapter.similarity.images} ${alike.adapter.similarity.split} images`,
          },
        ]
      : []),
    ...(kept?.adapter.kept
      ? [
          {
            ...{ name: `most kept: ${kept.adapter.name}`, value: kept.value.toFixed(1), unit: "%" },
            note: `by a probe; the base itself ${base.kept?.probe.top1.toFixed(1)} %; ${accuracyNote(kept.adapter.kept.probe)}`,
          },
        ]
      : []),
  ];
}

/** Upwards what is won on the task, to the right what is kept. */
function renderTrade({ base, adapters }: Analysis): readonly Html[] {
  const dots = (xOf: (adapter: AnalyzedAdapter) => number | undefined, shown: (x: number) => string): Dot[] =>
    adapters.flatMap((adapter) => {
      const [x, task] = [xOf(adapter), adapter.task];
      if (x === undefined || !task) return [];
      return [
        {
          ...{ name: adapter.name, x, y: task.top1, range: wilsonInterval(task.correct, task.images) },
          title: `${adapter.name}: ${task.top1.toFixed(1)} % of the task, ${shown(x)}`,
        },
      ];
    });
  const alike = dots(
    ({ similarity }) => similarity?.feature,
    (x) => `CKA ${x.toFixed(3)}`,
  );
  const kept = dots(
    ({ kept }) => kept?.probe.top1,
    (x) => `${x.toFixed(1)} % kept`,
  );
  const [task, similarity, other] = [adapters[0]?.task, adapters[0]?.similarity, base.kept];
  if (!task) return [];
  const yName = `accuracy, ${task.images.toLocaleString("en")} ${task.split} images`;
  const charts = [
    ...(kept.length > 0 && other
      ? [
          renderScatterChart({
            ...{ label: "Accuracy against what is kept", dots: kept, yName, yUnit: "%", xUnit: "%" },
            xName: `kept: probe on the other set, ${other.probe.images.toLocaleString("en")} ${other.probe.split} images`,
            mark: { x: other.probe.top1, name: "pre-trained" },
          }),
        ]
      : []),
    ...(alike.length > 0 && similarity
      ? [
          renderScatterChart({
            ...{ label: "Accuracy against likeness of features", dots: alike, yName, yUnit: "%" },
            xName: `kept: CKA with the base's features, ${similarity.images} ${similarity.split} images`,
          }),
        ]
      : []),
  ];
  if (charts.length === 0) return [];
  return [
    html`<section><h2>Retaining and adapting</h2><p class="soft">Upwards: right on more images of the task, with the 95 % interval. To the right: more is kept of the pre-trained model. Best is what lies above and to the right.</p><div class="stack">${charts}</div></section>`,
  ];
}

function renderTable({ base, adapters }: Analysis): Html {
  const cell = (value: number | undefined, digits: number, unit = "") =>
    html`<td class="number">${value === undefined ? "–" : `${value.toFixed(digits)}${unit === "" ? "" : `\u00a0${unit}`}`}</td>`;
  const rows = adapters.map((adapter) => {
    const means = summarise(adapter);
    const { task, similarity, kept } = adapter;
    return html`<tr><td>${adapter.name}</td><td>${adapter.method}</td>${cell(task?.top1, 1, "%")}${cell(similarity?.feature, 3)}${cell(kept?.probe.top1, 1, "%")}${cell(kept?.baseProbe.top1, 1, "%")}<td class="number">${adapter.matrices.length}</td>${measures.map(({ key, unit }) => cell(means[key], 2, unit))}</tr>`;
  });
  const own = base.kept;
  const baseRow = own
    ? html`<tr><td>(base)</td><td></td><td class="number">–</td>${cell(1, 3)}${cell(own.probe.top1, 1, "%")}${cell(own.baseProbe.top1, 1, "%")}<td class="number">0</td>${measures.map(() => cell(undefined, 0))}</tr>`
    : "";
  const heads = ["task", "CKA", "probe", "base's probe", "matrices", ...measures.map(({ name }) => name)];
  const first = adapters[0];
  const where = first?.task
    ? `Task: ${first.task.images.toLocaleString("en")} ${first.task.split} images. `
    : "";
  const probes = own
    ? `Probe: fitted anew to each model's features of ${own.trainImages.toLocaleString("en")} images of the other set, and tested on ${own.probe.images.toLocaleString("en")} ${own.probe.split} images; base's probe: the one of the base's features, on those of the adapter. `
    : "";
  return html`<section><h2>Method beside method</h2><p class="soft">${where}${probes}What is said of weights is a mean over the matrices that the adapter changes.</p><div class="scroll" tabindex="0" role="group" aria-label="Method beside method"><table class="wide"><thead><tr><th>adapter</th><th>method</th>${heads.map((head) => html`<th class="number">${head}</th>`)}</tr></thead><tbody>${baseRow}${rows}</tbody></table></div></section>`;
}
