/** An analysis layer by layer: maps of what became of the weights and of the features, and spectra. */

import type { Analysis, AnalyzedAdapter, ChangedMatrix } from "./analysis.ts";
import { notationOf, renderHeatMap } from "./heat-map.ts";
import { type Html, html } from "./html.ts";
import { renderLineChart, shortNumber } from "./line-chart.ts";
import { measures } from "./summarise-analysis.ts";

type Measure = (typeof measures)[number];

/** A section for each measure, in it a map for each adapter, all of one scale. */
export function renderChangedWeights({ base, adapters }: Analysis): readonly Html[] {
  const changing = adapters.filter(({ matrices }) => matrices.length > 0);
  if (changing.length === 0) return [];
  const inBlocks = base.matrices.filter(({ block }) => block >= 0);
  const frame = {
    roles: [...new Set(inBlocks.map(({ role }) => role))],
    blocks: Math.max(-1, ...inBlocks.map(({ block }) => block)) + 1,
  };
  return measures.map((measure) => {
    const most = Math.max(...changing.flatMap(({ matrices }) => matrices.map((one) => measure.of(one) ?? 0)));
    const maps = changing.map((adapter) => renderMap(adapter, { measure, most, frame }));
    return html`<section><h2>${capital(measure.name)}${measure.unit === "" ? "" : html`<span class="soft">, in ${measure.unit}</span>`}</h2><p class="soft">${measure.says} Rows are the matrices of a block, columns the blocks; all maps have one scale.</p><div class="maps">${maps}</div></section>`;
  });
}

const capital = (text: string): string => text.slice(0, 1).toUpperCase() + text.slice(1);

interface MapFrame {
  readonly measure: Measure;
  readonly most: number;
  readonly frame: { readonly roles: readonly string[]; readonly blocks: number };
}

function renderMap(adapter: AnalyzedAdapter, { measure, most, frame }: MapFrame): Html {
  const { format } = notationOf(Math.max(most, 1e-3));
  const values = adapter.matrices.flatMap((matrix) => {
    const value = measure.of(matrix);
    return value === undefined ? [] : [{ matrix, value }];
  });
  const outside = values
    .filter(({ matrix }) => matrix.block < 0)
    .map(({ matrix, value }) => `, ${matrix.role} ${shortNumber(value)}`);
  const cells = values
    .filter(({ matrix }) => matrix.block >= 0)
    .map(({ matrix, value }) => ({
      ...{ row: matrix.role, column: matrix.block, value },
      title: `${matrix.name}: ${shortNumber(value)}${measure.unit === "" ? "" : ` ${measure.unit}`}`,
    }));
  const mean = values.reduce((sum, { value }) => sum + value, 0) / Math.max(1, values.length);
  const told = html` <span class="soft">${adapter.method}, mean ${shortNumber(mean)}${outside.join("")}</span>`;
  return renderHeatMap({
    caption: html`${adapter.name}${told}`,
    label: `${measure.name}, ${adapter.name}`,
    says: `${measure.name} of ${adapter.name} by matrix and block: mean ${shortNumber(mean)}`,
    rows: frame.roles,
    columns: Array.from({ length: frame.blocks }, (_, block) => String(block + 1)),
    ...{ cells, most, format },
  });
}

/** CKA layer by layer, adapters in rows. */
export function renderSimilarity({ adapters }: Analysis): readonly Html[] {
  const measured = adapters.flatMap(({ name, similarity }) => (similarity ? [{ name, ...similarity }] : []));
  const [first] = measured;
  if (!first) return [];
  const columns = [...first.blocks.map((_, block) => String(block + 1)), "end"];
  const cells = measured.flatMap(({ name, blocks, feature }) =>
    [...blocks, feature].flatMap((value, column) =>
      value === undefined
        ? []
        : [{ row: name, column, value, title: `${name}, ${columns[column]}: ${value.toFixed(4)}` }],
    ),
  );
  const map = renderHeatMap({
    caption: html`linear CKA <span class="soft">with the base's features of the same images</span>`,
    label: "CKA by layer",
    says: `CKA of ${measured.map(({ name, feature }) => `${name} ${shortNumber(feature ?? Number.NaN)} at the end`).join(", ")}`,
    rows: measured.map(({ name }) => name),
    ...{ columns, cells, most: 1, format: (value: number) => value.toFixed(2) },
  });
  return [
    html`<section><h2>Features beside the pre-trained ones</h2><p class="soft">1 is alike but for turning and scaling, 0 unrelated. Of the first token after each block, and at the end of what the head reads, on ${first.images} ${first.split} images. It is measured of every method, also of those that change no weight.</p><div class="maps">${map}</div></section>`,
  ];
}

/** The spectra of the matrix that each adapter changes most. */
export function renderSpectra({ base, adapters }: Analysis): readonly Html[] {
  const charts = adapters.flatMap(({ name, matrices }) => {
    const [most] = matrices.toSorted((a, b) => b.change - a.change);
    const before = base.matrices.find((matrix) => matrix.name === most?.name);
    return most && before ? [renderSpectrum(name, { most, values: before.values })] : [];
  });
  if (charts.length === 0) return [];
  return [
    html`<section><h2>Spectra</h2><p class="soft">Singular values, the largest first, of the matrix that each adapter changes most: as it was, as it is, and of the change.</p><div class="beside charts">${charts}</div></section>`,
  ];
}

function renderSpectrum(
  name: string,
  { most, values }: { readonly most: ChangedMatrix; readonly values: Float64Array },
): Html {
  // What is 0 but for rounding has no place on a scale of powers.
  const floor = 1e-6 * (values[0] ?? 0);
  const points = (spectrum: Float64Array) =>
    Array.from(spectrum, (value, at) => ({ x: at + 1, y: value > floor ? value : Number.NaN }));
  const chart = renderLineChart({
    ...{ label: `Spectra of ${most.name}, ${name}`, xName: "singular value", scale: "log" },
    lines: [
      { name: "W", color: "main", points: points(values) },
      { name: "W′", color: "other", points: points(most.values) },
      { name: "ΔW", color: "third", points: points(most.changeValues) },
    ],
  });
  return html`<div><h3>${name}: ${most.name}</h3>${chart}</div>`;
}
