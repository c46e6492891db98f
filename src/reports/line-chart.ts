/** A line chart: SVG curves that stretch with the page, and labels of HTML that keep their size. */

import { type Axis, linearAxis, logAxis } from "./axis.ts";
import { type Html, html } from "./html.ts";

interface Point {
  readonly x: number;
  readonly y: number;
}

export interface Line {
  readonly name: string;
  /** A colour of the page's style. */
  readonly color: "main" | "other" | "third";
  readonly points: readonly Point[];
}

interface Chart {
  /** What the chart shows: "Loss". */
  readonly label: string;
  readonly lines: readonly Line[];
  readonly xName: string;
  /** After each value: "%". */
  readonly unit?: string;
  /** `log` where positive values span more than `decadesForLog`. Default linear, from 0. */
  readonly scale?: "linear" | "log";
  /** A linear axis reaches at least here. */
  readonly yTop?: number;
  /** Marks one place on the x axis. */
  readonly mark?: { readonly x: number; readonly name: string };
}

const decadesForLog = 1.5;
/** More points than columns of pixels can not be seen: neighbours become their mean. */
const mostPoints = 300;
/** Few points get a dot each, which shows its value when pointed at. */
const mostDots = 60;
/** Units of the drawing; it is stretched to whatever space there is. */
const [width, height] = [1000, 300];

/** A chart and its legend. */
export function renderLineChart({ label, lines, xName, unit = "", scale, yTop = 0, mark }: Chart): Html {
  const drawn = lines.map((line) => ({ ...line, points: thin(line.points) }));
  const points = drawn.flatMap((line) => line.points.filter(({ y }) => Number.isFinite(y)));
  const xs = lines.flatMap((line) => line.points.map(({ x }) => x));
  const x = linearAxis({ low: Math.min(0, least(xs)), high: most(xs), whole: true });
  const y = chooseAxis(
    points.map(({ y }) => y),
    { scale, yTop },
  );
  const end = unit === "" ? "" : ` ${unit}`;
  const across = (value: number): string => (100 * x.place(value)).toFixed(2);
  const up = (value: number): string => (100 * y.place(value)).toFixed(2);
  const labels = [
    ...y.ticks.map(
      (tick) => html`<span class="y" style="bottom:${up(tick)}%">${y.format(tick)}${end}</span>`,
    ),
    ...x.ticks.map((tick) => html`<span class="x" style="left:${across(tick)}%">${x.format(tick)}</span>`),
    ...(mark === undefined
      ? []
      : [html`<span class="mark" style="left:${across(mark.x)}%">${mark.name}</span>`]),
  ];
  const grid = y.ticks.map((tick) => `M0 ${yOf(y, tick)}H${width}`).join("");
  const marked =
    mark === undefined
      ? ""
      : html`<path d="M${xOf(x, mark.x)} 0V${height}" stroke="var(--soft)" stroke-dasharray="3 3"/>`;
  const curves = drawn.map((line) => renderCurve(line, { x, y, xName, end }));
  const keys = lines.map(
    (line) => html`<span><i style="background:var(--${line.color})"></i>${line.name}</span>`,
  );
  return html`<div class="legend">${lines.length > 1 ? keys : ""}<span class="axis">${xName} →</span></div><div class="chart"><svg viewBox="0 0 ${width} ${height}" preserveAspectRatio="none" role="img" aria-label="${describeLines(label, { lines, end })}"><path d="${grid}" stroke="var(--line)"/>${marked}${curves}</svg>${labels}</div>`;
}

const least = (values: readonly number[]): number =>
  values.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY);
const most = (values: readonly number[]): number =>
  values.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);

function chooseAxis(
  values: readonly number[],
  { scale = "linear", yTop }: { readonly scale?: "linear" | "log" | undefined; readonly yTop: number },
): Axis {
  const [low, high] = [least(values.filter((value) => value > 0)), most(values)];
  if (scale === "log" && high / low > 10 ** decadesForLog) return logAxis({ low, high });
  return linearAxis({ low: Math.min(0, least(values)), high: Math.max(yTop, high) });
}

interface Frame {
  readonly x: Axis;
  readonly y: Axis;
  readonly xName: string;
  readonly end: string;
}

const xOf = (axis: Axis, value: number): string => (width * axis.place(value)).toFixed(1);
const yOf = (axis: Axis, value: number): string => (height * (1 - axis.place(value))).toFixed(1);

/** Dots are paths without length: their round ends stay round however the drawing is stretched. */
function renderCurve({ name, color, points }: Line, { x, y, xName, end }: Frame): Html {
  let path = "";
  let pen = false;
  for (const point of points) {
    const finite = Number.isFinite(point.y);
    if (finite) path += `${pen ? "L" : "M"}${xOf(x, point.x)} ${yOf(y, point.y)}`;
    pen = finite;
  }
  const dots =
    points.length > mostDots
      ? []
      : points
          .filter((point) => Number.isFinite(point.y))
          .map(
            (point) =>
              html`<path class="dot" d="M${xOf(x, point.x)} ${yOf(y, point.y)}h0"><title>${name}, ${xName} ${Number(point.x.toFixed(2))}: ${shortNumber(point.y)}${end}</title></path>`,
          );
  return html`<g stroke="var(--${color})"><path d="${path}"/>${dots}</g>`;
}

/** For those who can not see the chart: where each line begins and ends. */
function describeLines(
  label: string,
  { lines, end }: { readonly lines: readonly Line[]; readonly end: string },
): string {
  const told = lines.flatMap(({ name, points }) => {
    const [first, last] = [
      points.find(({ y }) => Number.isFinite(y)),
      points.findLast(({ y }) => Number.isFinite(y)),
    ];
    if (first === undefined || last === undefined) return [];
    return [`${name} from ${shortNumber(first.y)}${end} to ${shortNumber(last.y)}${end}`];
  });
  return told.length === 0 ? `${label}: nothing yet` : `${label}: ${told.join("; ")}`;
}

/** Up to three digits that matter. */
export function shortNumber(value: number): string {
  if (!Number.isFinite(value)) return "–";
  return value !== 0 && Math.abs(value) < 1e-3
    ? value.toExponential(1)
    : String(Number(value.toPrecision(3)));
}

/** Means of neighbours where there are too many points; a value that is not finite keeps its bucket a gap. */
function thin(points: readonly Point[]): readonly Point[] {
  if (points.length <= mostPoints) return points;
  const size = points.length / mostPoints;
  return Array.from({ length: mostPoints }, (_, i) => {
    const bucket = points.slice(Math.floor(i * size), Math.floor((i + 1) * size));
    const mean = (key: "x" | "y"): number =>
      bucket.reduce((sum, point) => sum + point[key], 0) / bucket.length;
    return { x: mean("x"), y: mean("y") };
  });
}
