/** A scatter chart: one named dot for each thing, by two numbers, with how sure the upper one is. */

import { type Axis, linearAxis } from "./axis.ts";
import { type Html, html } from "./html.ts";

export interface Dot {
  readonly name: string;
  readonly x: number;
  readonly y: number;
  /** An interval around y. */
  readonly range?: readonly [low: number, high: number] | undefined;
  /** What is told when it is pointed at. */
  readonly title: string;
}

interface Scatter {
  readonly label: string;
  readonly dots: readonly Dot[];
  readonly xName: string;
  readonly yName: string;
  readonly xUnit?: string;
  readonly yUnit?: string;
  /** A place on the x axis to compare with. */
  readonly mark?: { readonly x: number; readonly name: string } | undefined;
}

/** Units of the drawing; it is stretched to whatever space there is. */
const [width, height] = [1000, 300];
/** Names that stand nearer above each other, in percent of the height, could not be read. */
const nameHeight = 7;

/** Dots are paths without length: their round ends stay round however the drawing is stretched. */
export function renderScatterChart(chart: Scatter): Html {
  const { label, dots, xName, yName, mark } = chart;
  const xs = [...dots.map(({ x }) => x), ...(mark ? [mark.x] : [])];
  const ys = dots.flatMap(({ y, range }) => [y, ...(range ?? [])]);
  const [x, y] = [axisOf(xs), axisOf(ys)];
  const [xEnd, yEnd] = [chart.xUnit, chart.yUnit].map((unit) => (unit === undefined ? "" : ` ${unit}`));
  const across = (value: number): string => (100 * x.place(value)).toFixed(2);
  const up = (value: number): string => (100 * y.place(value)).toFixed(2);
  const grid = y.ticks.map((tick) => `M0 ${height * (1 - y.place(tick))}H${width}`).join("");
  const marked = mark
    ? html`<path d="M${width * x.place(mark.x)} 0V${height}" stroke="var(--soft)" stroke-dasharray="3 3"/>`
    : "";
  const drawn = dots.map((dot) => {
    const [left, bottom] = [(width * x.place(dot.x)).toFixed(1), (height * (1 - y.place(dot.y))).toFixed(1)];
    const range = dot.range
      ? html`<path class="range" d="M${left} ${(height * (1 - y.place(dot.range[0]))).toFixed(1)}V${(height * (1 - y.place(dot.range[1]))).toFixed(1)}" stroke="var(--main)" stroke-opacity=".35"/>`
      : "";
    return html`${range}<path class="dot" d="M${left} ${bottom}h0" stroke="var(--main)" style="stroke-width:9"><title>${dot.title}</title></path>`;
  });
  const labels = [
    ...y.ticks.map(
      (tick) => html`<span class="y" style="bottom:${up(tick)}%">${y.format(tick)}${yEnd ?? ""}</span>`,
    ),
    ...x.ticks.map(
      (tick) => html`<span class="x" style="left:${across(tick)}%">${x.format(tick)}${xEnd ?? ""}</span>`,
    ),
    ...placeNames(dots, { x, y }).map(
      ({ name, left, bottom, side }) =>
        html`<span class="point ${side}" style="left:${left.toFixed(2)}%;bottom:${bottom.toFixed(2)}%">${name}</span>`,
    ),
    ...(mark ? [html`<span class="mark" style="left:${across(mark.x)}%">${mark.name}</span>`] : []),
  ];
  const says = `${label}: ${dots.map(({ title }) => title).join("; ")}`;
  return html`<div class="legend"><span>${yName} ↑</span><span class="axis">${xName} →</span></div><div class="chart"><svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${says}"><path d="${grid}" stroke="var(--line)"/>${marked}${drawn}</svg>${labels}</div>`;
}

/** A little room around what there is. */
function axisOf(values: readonly number[]): Axis {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = high > low ? 0.04 * (high - low) : Math.max(1e-3, 0.02 * Math.abs(high));
  return linearAxis({ low: low - room, high: high + room });
}

interface Placed {
  readonly name: string;
  readonly left: number;
  readonly bottom: number;
  /** Of its dot: names at the end of the chart stand before it. */
  readonly side: "before" | "after";
}

/** From the lowest up, each pushed above the one below where both stand close. */
function placeNames(
  dots: readonly Dot[],
  { x, y }: { readonly x: Axis; readonly y: Axis },
): readonly Placed[] {
  const placed: Placed[] = [];
  for (const { name, ...dot } of dots.toSorted((a, b) => a.y - b.y)) {
    const left = 100 * x.place(dot.x);
    let bottom = 100 * y.place(dot.y);
    for (const other of placed)
      if (
        Math.abs(other.left - left) < 25 &&
        bottom - other.bottom < nameHeight &&
        bottom > other.bottom - nameHeight
      )
        bottom = other.bottom + nameHeight;
    placed.push({ name, left, bottom, side: left > 75 ? "before" : "after" });
  }
  return placed;
}
