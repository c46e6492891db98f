/** A line chart as inline SVG: axes at round numbers, a few coloured lines, gaps where a value is not finite. */

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
  /** What the chart shows, for those who can not see it. */
  readonly label: string;
  readonly lines: readonly Line[];
  readonly xName: string;
  readonly yFormat: (value: number) => string;
  /** The axis begins at 0 at the latest, and reaches at least here. */
  readonly yTop?: number;
  /** In CSS pixels; less on a narrow screen. Default 640. */
  readonly width?: number;
  /** Marks one place on the x axis. */
  readonly mark?: { readonly x: number; readonly name: string };
}

const height = 270;
/** More points than columns of pixels can not be seen: neighbours become their mean. */
const mostPoints = 300;
/** Few points get a dot each, which shows its value when pointed at. */
const mostDots = 60;

/** A chart and its legend. */
export function renderLineChart({ label, lines, xName, yFormat, yTop = 0, width = 640, mark }: Chart): Html {
  const inside = { left: 52, right: width - 14, top: 16, bottom: height - 38 };
  const drawn = lines.map((line) => ({ ...line, points: thin(line.points) }));
  const points = drawn.flatMap((line) => line.points.filter(({ y }) => Number.isFinite(y)));
  const yTicks = roundTicks(
    Math.min(0, ...points.map(({ y }) => y)),
    Math.max(yTop, ...points.map(({ y }) => y)),
  );
  const xs = drawn.flatMap((line) => line.points.map(({ x }) => x));
  const [first, last] = [
    Math.min(...xs, Number.POSITIVE_INFINITY),
    Math.max(...xs, Number.NEGATIVE_INFINITY),
  ];
  const xTicks = roundTicks(first, last).filter((tick) => tick >= first && tick <= last);
  const x = scale([first, last], [inside.left, inside.right]);
  const y = scale([yTicks[0] ?? 0, yTicks.at(-1) ?? 1], [inside.bottom, inside.top]);

  const grid = yTicks.map(
    (tick) =>
      html`<path d="M${inside.left} ${y(tick)}H${inside.right}" stroke="var(--line)"/><text x="${inside.left - 8}" y="${y(tick)}" dy=".35em" text-anchor="end">${yFormat(tick)}</text>`,
  );
  const feet = xTicks.map(
    (tick) =>
      html`<text x="${x(tick)}" y="${inside.bottom + 17}" text-anchor="middle">${tick.toLocaleString("en")}</text>`,
  );
  const marked =
    mark === undefined
      ? ""
      : html`<path d="M${x(mark.x)} ${inside.top}V${inside.bottom}" stroke="var(--soft)" stroke-dasharray="3 3"/><text x="${x(mark.x)}" y="${inside.top - 5}" text-anchor="middle">${mark.name}</text>`;
  const curves = drawn.map((line) => {
    const path = drawPath(line.points, { x, y });
    const dots = line.points.length > mostDots ? [] : line.points.filter((point) => Number.isFinite(point.y));
    const circles = dots.map(
      (point) =>
        html`<circle cx="${x(point.x)}" cy="${y(point.y)}" r="2.6"><title>${line.name}, ${xName} ${point.x}: ${yFormat(point.y)}</title></circle>`,
    );
    return html`<path d="${path}" fill="none" stroke="var(--${line.color})" stroke-width="2" stroke-linejoin="round" stroke-linecap="round"/><g fill="var(--${line.color})">${circles}</g>`;
  });
  const legend = lines.map(
    (line) => html`<span><i style="background:var(--${line.color})"></i>${line.name}</span>`,
  );
  // One line needs no key: the heading above names it.
  return html`${lines.length > 1 ? html`<div class="legend">${legend}</div>` : ""}<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${label}">${grid}${feet}<text x="${inside.right}" y="${height - 5}" text-anchor="end">${xName}</text>${marked}${curves}</svg>`;
}

/** Round numbers (1, 2 or 5 times a power of ten apart), the first at or below `low`, the last at or above `high`. */
export function roundTicks(low: number, high: number, count = 5): number[] {
  if (!Number.isFinite(low) || !Number.isFinite(high) || high <= low)
    return Number.isFinite(low) ? [low, low + 1] : [0, 1];
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * ([1, 2, 5].find((factor) => factor * power >= rough * 0.999) ?? 10);
  const ticks: number[] = [];
  const start = Math.floor(low / step + 1e-9);
  // Multiples rather than sums, and rounded, so that 0.3 is not 0.30000000000000004.
  for (let i = start; (i - 1) * step < high - step * 1e-9; i++)
    ticks.push(Number((i * step).toPrecision(12)));
  return ticks;
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

function scale(
  [from, to]: readonly [number, number],
  [start, end]: readonly [number, number],
): (value: number) => string {
  return (value) =>
    (to > from ? start + ((value - from) / (to - from)) * (end - start) : (start + end) / 2).toFixed(1);
}

function drawPath(
  points: readonly Point[],
  { x, y }: { x: (value: number) => string; y: (value: number) => string },
): string {
  let path = "";
  let pen = false;
  for (const point of points) {
    const finite = Number.isFinite(point.y);
    if (finite) path += `${pen ? "L" : "M"}${x(point.x)} ${y(point.y)}`;
    pen = finite;
  }
  return path;
}
