/** A heat map: numbers in rows and columns, the stronger the colour the larger, each readable in light and dark. */

import { raised } from "./axis.ts";
import { type Html, html } from "./html.ts";

export interface HeatCell {
  readonly row: string;
  /** From 0. */
  readonly column: number;
  readonly value: number;
  /** What is told of it when it is pointed at. */
  readonly title: string;
}

interface HeatMap {
  /** Above the map. */
  readonly caption: Html;
  /** For those who can not see it. */
  readonly label: string;
  readonly says: string;
  readonly rows: readonly string[];
  readonly columns: readonly string[];
  readonly cells: readonly HeatCell[];
  /** What has the strongest colour. */
  readonly most: number;
  /** Where the colour begins. Default 0. */
  readonly least?: number;
  readonly format: (value: number) => string;
}

const [cellWidth, cellHeight, top] = [36, 21, 18];
/** Of the colour that a cell bears, so that its number stays readable in light and dark. */
const strongest = 0.5;

/** One figure, which scrolls where it is wider than the page. */
export function renderHeatMap(map: HeatMap): Html {
  const { rows, columns, label, says } = map;
  const left = 12 + 6.6 * Math.max(0, ...rows.map((row) => row.length));
  const [width, height] = [Math.ceil(left + cellWidth * columns.length), top + cellHeight * rows.length];
  const heads = columns.map(
    (name, column) =>
      html`<text x="${(left + (column + 0.5) * cellWidth).toFixed(1)}" y="${top - 6}" text-anchor="middle">${name}</text>`,
  );
  const names = rows.map(
    (name, row) =>
      html`<text x="${(left - 6).toFixed(1)}" y="${top + (row + 0.5) * cellHeight}" dy=".35em" text-anchor="end">${name}</text>`,
  );
  return html`<figure><figcaption>${map.caption}</figcaption><div class="scroll" tabindex="0" role="group" aria-label="${label}"><svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${says}">${heads}${names}${renderCells(map, left)}</svg></div></figure>`;
}

function renderCells({ rows, cells, most, least = 0, format }: HeatMap, left: number): readonly Html[] {
  return cells.map(({ row, column, value, title }) => {
    const [x, y] = [left + column * cellWidth, top + rows.indexOf(row) * cellHeight];
    const share = most > least ? Math.min(1, Math.max(0, (value - least) / (most - least))) : 0;
    return html`<rect x="${x.toFixed(1)}" y="${y}" width="${cellWidth - 1}" height="${cellHeight - 1}" rx="2" fill="var(--main)" fill-opacity="${(0.05 + strongest * share).toFixed(2)}"><title>${title}</title></rect><text x="${(x + cellWidth / 2 - 0.5).toFixed(1)}" y="${y + cellHeight / 2}" dy=".35em" text-anchor="middle" style="fill:var(--ink);font-size:10px;pointer-events:none">${format(value)}</text>`;
  });
}

/** All numbers of a map in one notation, the largest with two digits that matter; small ones as multiples of a power of ten. */
export function notationOf(most: number): {
  readonly format: (value: number) => string;
  readonly unit: string;
} {
  const power = most > 0 ? Math.floor(Math.log10(most)) : 0;
  if (power < -3)
    return { format: (value) => (value / 10 ** power).toFixed(1), unit: `10${raised(String(power))}` };
  return { format: (value) => value.toFixed(Math.max(0, 1 - power)), unit: "" };
}
