/** A confusion matrix as a heat map: right classes in rows, predicted ones in columns, mistakes in another colour. */

import { fitText } from "../table.ts";
import type { Evaluation } from "./evaluation.ts";
import { type Html, html } from "./html.ts";

/** Beyond this the cells would be smaller than a few pixels; the list of pairs says more. */
export const mostMappedClasses = 200;
const mostNamed = 60;
const mostCounted = 30;

/** Nothing but the cells that count: a matrix of many classes is mostly empty. */
export function renderConfusionMap({ classes, metrics }: Evaluation): Html {
  const count = classes.length;
  const named = count <= mostNamed;
  const cell = count <= 12 ? 40 : named ? Math.max(15, 30 - count / 4) : Math.max(3, 580 / count);
  const shown = classes.map((name) => fitText(name, 22));
  const longest = Math.max(...shown.map((name) => name.length));
  const margin = named ? Math.min(160, 14 + 6.6 * longest) : 4;
  // Names of columns stand upright only where they are short.
  const flat = 6.6 * longest <= cell - 4;
  const top = named && !flat ? margin : named ? 22 : 4;
  const size = cell * count;
  const at = (index: number): number => index * cell;

  const names = !named
    ? ""
    : shown.map((name, i) => {
        const middle = at(i) + cell / 2;
        const column = flat
          ? html`<text x="${margin + middle}" y="${top - 7}" text-anchor="middle">${name}</text>`
          : html`<text transform="translate(${margin + middle + 4} ${top - 6}) rotate(-90)">${name}</text>`;
        return html`${column}<text x="${margin - 8}" y="${top + middle}" dy=".35em" text-anchor="end">${name}</text>`;
      });
  const cells = metrics.confusion.flatMap((row, label) =>
    row.flatMap((amount, predicted) => {
      if (amount === 0) return [];
      const share = amount / Math.max(1, metrics.perClass[label]?.support ?? 0);
      // The root lifts rare mistakes out of the background.
      const opacity = 0.12 + 0.88 * Math.sqrt(share);
      const [x, y] = [margin + at(predicted), top + at(label)];
      const title = `${classes[label]} taken for ${classes[predicted]}: ${amount} (${Math.round(100 * share)} %)`;
      const right = label === predicted;
      const square = html`<rect x="${x.toFixed(1)}" y="${y.toFixed(1)}" width="${(cell - 1).toFixed(1)}" height="${(cell - 1).toFixed(1)}" rx="${count <= mostNamed ? 3 : 0}" fill="var(--${right ? "good" : "bad"})" fill-opacity="${opacity.toFixed(2)}"><title>${right ? `${classes[label]}: ${amount} right (${Math.round(100 * share)} %)` : title}</title></rect>`;
      if (count > mostCounted) return [square];
      const color = opacity > 0.62 ? "#fff" : "var(--ink)";
      return [
        square,
        html`<text x="${(x + cell / 2 - 0.5).toFixed(1)}" y="${(y + cell / 2).toFixed(1)}" dy=".35em" text-anchor="middle" style="fill:${color};pointer-events:none">${amount}</text>`,
      ];
    }),
  );
  const box = [margin + size, top + size].map((side) => Math.ceil(side + 2));
  return html`<div class="scroll"><svg viewBox="0 0 ${box.join(" ")}" width="${box[0] ?? 0}" height="${box[1] ?? 0}" role="img" aria-label="Confusion matrix"><rect x="${margin}" y="${top}" width="${size}" height="${size}" fill="var(--track)" fill-opacity=".5" rx="4"/>${names}${cells}</svg></div>`;
}
