/** Heat maps of how far training has moved each tensor, by site and block: one for each part that a method trains. */

import { notationOf, renderHeatMap } from "./heat-map.ts";
import { breakable, type Html, html } from "./html.ts";
import { shortNumber } from "./line-chart.ts";

export interface TensorChange {
  /** `blocks.3.fc1.left` */
  readonly name: string;
  /** The root of the mean square of its changes since training began. */
  readonly change: number;
  /** Whether that is a share of the tensor's own size, as it is where training began at a pre-trained tensor. */
  readonly relative: boolean;
}

interface Placed extends TensorChange {
  readonly block: number;
  readonly site: string;
}

/** Blocks count from 1 on the page, and from 0 in names. */
const inBlock = /^blocks\.(\d+)\.(?:([^.]+)\.)?(.+)$/;

/** One section, or none where no tensor of the backbone trained. */
export function renderChanges(changes: readonly TensorChange[]): readonly Html[] {
  if (changes.length === 0) return [];
  if (changes.every(({ change }) => change === 0)) return [nothingMoved];
  const parts = new Map<string, Placed[]>();
  const outside: TensorChange[] = [];
  for (const one of changes) {
    const [, block, site, part = ""] = inBlock.exec(one.name) ?? [];
    if (block === undefined) outside.push(one);
    else parts.set(part, [...(parts.get(part) ?? []), { ...one, block: Number(block), site: site ?? part }]);
  }
  const maps = [...parts].map(([part, placed]) => renderMap(part, placed));
  const relative = changes.some((one) => one.relative)
    ? " Where training began at a pre-trained tensor, that is a share of the tensor's own root mean square."
    : "";
  const rest =
    outside.length === 0
      ? ""
      : html`<p class="soft outside">Outside the blocks: ${outside.map((one, at) => html`${at > 0 ? ", " : ""}${breakable(one.name)} ${shortNumber(one.change)}`)}.</p>`;
  return [
    html`<section><h2>What was learned where</h2><p class="soft">How far each trained tensor has moved since training began: the root mean square of its changes, sites in rows and blocks in columns. The stronger the colour, the further, in each map by itself.${relative}</p><div class="maps">${maps}</div>${rest}</section>`,
  ];
}

/** As where the head of a linear probe is kept. */
const nothingMoved = html`<section><h2>What was learned where</h2><p class="soft">Nothing but the head: what is kept is where training began, and no tensor of the backbone has moved from there.</p></section>`;

function renderMap(part: string, placed: readonly Placed[]): Html {
  const blocks = Math.max(...placed.map(({ block }) => block)) + 1;
  const [least, most] = [lowest(placed), highest(placed)];
  const { format, unit } = notationOf(most.change);
  return renderHeatMap({
    caption: html`${part}${unit === "" ? "" : html` <span class="soft">in ${unit}</span>`}`,
    label: part,
    says: `${part} by site and block: most ${place(most)}, least ${place(least)}`,
    rows: [...new Set(placed.map(({ site }) => site))],
    columns: Array.from({ length: blocks }, (_, block) => String(block + 1)),
    cells: placed.map(({ name, site, block, change }) => ({
      ...{ row: site, column: block, value: change },
      title: `${name}: ${shortNumber(change)}`,
    })),
    most: most.change,
    format,
  });
}

const lowest = (placed: readonly Placed[]): Placed => placed.reduce((a, b) => (b.change < a.change ? b : a));
const highest = (placed: readonly Placed[]): Placed => placed.reduce((a, b) => (b.change > a.change ? b : a));
const place = ({ change, site, block }: Placed): string =>
  `${shortNumber(change)} at ${site} of block ${block + 1}`;
