/** How each class fares: F1, precision, recall, and on how many images that rests. */

import type { Evaluation } from "./evaluation.ts";
import { breakable, type Html, html } from "./html.ts";

/** So many classes are shown at once; the others open on a click. */
const mostOpen = 25;

/** The lowest F1 first; classes without images come last and have no scores. */
export function renderClassTable({ classes, metrics, split }: Evaluation): Html {
  const scored = classes.map((name, index) => ({ ...metrics.perClass[index], name }));
  const empty = scored.filter(({ support }) => support === 0).length;
  const rows = scored
    .toSorted((a, b) => (a.f1 ?? 101) - (b.f1 ?? 101))
    .map(
      (one) =>
        html`<tr><td>${breakable(one.name)}</td><td class="bar"><div class="track"><i style="width:${(one.f1 ?? 0).toFixed(1)}%"></i></div></td><td class="number">${score(one.f1)}</td><td class="number">${score(one.precision)}</td><td class="number">${score(one.recall)}</td><td class="number">${one.support ?? 0}</td></tr>`,
    );
  const rest = rows.slice(mostOpen);
  const more =
    rest.length === 0 ? "" : html`<details><summary>${rest.length} more</summary>${table(rest)}</details>`;
  const without =
    empty === 0
      ? ""
      : ` ${empty} without ${split} images ${empty === 1 ? "has" : "have"} no scores and ${empty === 1 ? "is" : "are"} left out of all means.`;
  return html`<section><h2>Classes</h2><p class="soft">Lowest F1 first, in percent, on the ${split} images.${without}</p>${table(rows.slice(0, mostOpen))}${more}</section>`;
}

const table = (rows: readonly Html[]): Html =>
  html`<table><thead><tr><th>class</th><td class="bar"></td><th class="number">F1</th><th class="number">precision</th><th class="number">recall</th><th class="number">images</th></tr></thead><tbody>${rows}</tbody></table>`;

const score = (value: number | undefined): string => (value === undefined ? "–" : value.toFixed(1));
