/** A confusion matrix as a heat map: the images' classes in rows, predictions in columns, mistakes in another colour. */

import type { ConfusionCell } from "../predict/metrics.ts";
import { displayWidth, fitMiddle } from "../table.ts";
import type { Evaluation } from "./evaluation.ts";
import { type Html, html } from "./html.ts";

/** Beyond this the cells would be smaller than a few pixels; the list of pairs says more. */
export const mostMappedClasses = 200;
/** Beyond this, names would overlap. */
const mostNamed = 120;
const mostCounted = 30;
/** Smaller than this share of its size, its numbers could not be read. */
const leastScale = 0.75;

/** Where everything of a map stands, in pixels. */
interface Geometry {
  readonly cell: number;
  readonly left: number;
  readonly top: number;
  readonly fontSize: number;
  /** Whether the names of columns are written across rather than upright. */
  readonly flat: boolean;
  readonly names: readonly string[];
}

function measureMap(classes: readonly string[]): Geometry {
  const count = classes.length;
  const named = count <= mostNamed;
  const cell = count <= 12 ? 40 : named ? Math.max(8.8, 30 - count / 4) : Math.max(3, 580 / count);
  const fontSize = Math.min(11, cell - 0.4);
  const names = named ? classes.map((name) => fitMiddle(name, 22)) : [];
  // Digits and letters of a sans-serif font are about 0.58 of its size wide.
  const longest = 0.58 * fontSize * names.reduce((widest, name) => Math.max(widest, displayWidth(name)), 0);
  const flat = longest <= cell - 4;
  const margin = named ? longest + 16 : 4;
  return { cell, fontSize, names, flat, left: margin, top: named && flat ? 22 : margin };
}

/** Where a mistake's pictures are on the page; none where it has none. */
export type LinkTo = (label: number, predicted: number) => string | undefined;

/** Nothing but the cells that count: a matrix of many classes is mostly empty. */
export function renderConfusionMap(evaluation: Evaluation, linkTo: LinkTo): Html {
  const { classes, metrics } = evaluation;
  const map = measureMap(classes);
  const { cell, left, top } = map;
  const size = cell * classes.length;
  const cells = metrics.confusion.map((one) => renderCell(one, { evaluation, map, linkTo }));
  const [width, height] = [left, top].map((side) => Math.ceil(side + size + 2)) as [number, number];
  const wrong = metrics.examples - metrics.correct;
  const says = `Confusion matrix of ${classes.length} classes: ${metrics.correct} of ${metrics.examples} images correct, ${wrong} wrong; the tables say the same in words`;
  // A map that nearly fits a phone shrinks to it; a larger one scrolls.
  const small = `min-width:${Math.round(leastScale * width)}px;max-width:100%;height:auto`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Confusion matrix"><svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" style="${small}" role="group" aria-label="${says}"><rect x="${left.toFixed(1)}" y="${top.toFixed(1)}" width="${size.toFixed(1)}" height="${size.toFixed(1)}" fill="var(--track)" fill-opacity=".5" rx="4"/>${renderNames(map)}${cells}</svg></div>`;
}

function renderNames({ cell, left, top, fontSize, flat, names }: Geometry): Html[] {
  const style = `font-size:${fontSize.toFixed(1)}px`;
  return names.map((name, index) => {
    const middle = (index + 0.5) * cell;
    const column = flat
      ? html`<text x="${(left + middle).toFixed(1)}" y="${top - 7}" text-anchor="middle" style="${style}">${name}</text>`
      : html`<text transform="translate(${(left + middle).toFixed(1)} ${(top - 6).toFixed(1)}) rotate(-90)" dy=".35em" style="${style}">${name}</text>`;
    return html`${column}<text x="${(left - 8).toFixed(1)}" y="${(top + middle).toFixed(1)}" dy=".35em" text-anchor="end" style="${style}">${name}</text>`;
  });
}

interface Drawing {
  readonly evaluation: Evaluation;
  readonly map: Geometry;
  readonly linkTo: LinkTo;
}

function renderCell({ label, predicted, count }: ConfusionCell, { evaluation, map, linkTo }: Drawing): Html {
  const { classes, metrics } = evaluation;
  const { cell } = map;
  const share = count / (metrics.perClass[label]?.support ?? count);
  // The root lifts rare mistakes out of the background.
  const opacity = 0.12 + 0.88 * Math.sqrt(share);
  const [x, y] = [map.left + predicted * cell, map.top + label * cell];
  const amount = `${count} (${Math.round(100 * share)} % of the class)`;
  const correct = label === predicted;
  const title = correct
    ? `${classes[label]} correct: ${amount}`
    : `${classes[label]} taken for ${classes[predicted]}: ${amount}`;
  const side = (cell - (cell > 6 ? 1 : 0.25)).toFixed(1);
  const square = html`<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${side}" height="${side}" rx="${cell > 14 ? 3 : 1}" fill="var(--${correct ? "good" : "bad"})" fill-opacity="${opacity.toFixed(2)}"><title>${title}</title></rect>`;
  const color = opacity > 0.62 ? "#fff" : "var(--ink)";
  const number =
    classes.length > mostCounted
      ? ""
      : html`<text x="${(x + cell / 2 - 0.5).toFixed(1)}" y="${(y + cell / 2).toFixed(1)}" dy=".35em" text-anchor="middle" style="fill:${color};pointer-events:none">${count}</text>`;
  const target = correct ? undefined : linkTo(label, predicted);
  return target === undefined
    ? html`${square}${number}`
    : html`<a href="#${target}" aria-label="${title}; see them">${square}${number}</a>`;
}
