/** Heat maps of how far training has moved each tensor, by site and block: one for each part that a method trains. */

import { raised } from "./axis.ts";
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

const [cellWidth, cellHeight, top] = [36, 21, 18];
/** Of the colour that a cell bears, so that its number stays readable in light and dark. */
const strongest = 0.5;
/** Blocks count from 1 on the page, and from 0 in names. */
const inBlock = /^blocks\.(\d+)\.(?:([^.]+)\.)?(.+)$/;

/** One section, or none where no tensor of the backbone trained. */
export function renderChanges(changes: readonly TensorChange[]): readonly Html[] {
  if (changes.length === 0) return [];
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

function renderMap(part: string, placed: readonly Placed[]): Html {
  const sites = [...new Set(placed.map(({ site }) => site))];
  const blocks = Math.max(...placed.map(({ block }) => block)) + 1;
  const [least, most] = [lowest(placed), highest(placed)];
  const { format, unit } = notationOf(most.change);
  const left = 12 + 6.6 * Math.max(...sites.map((site) => site.length));
  const [width, height] = [Math.ceil(left + cellWidth * blocks), top + cellHeight * sites.length];
  const columns = Array.from(
    { length: blocks },
    (_, block) =>
      html`<text x="${(left + (block + 0.5) * cellWidth).toFixed(1)}" y="${top - 6}" text-anchor="middle">${block + 1}</text>`,
  );
  const rows = sites.map(
    (site, row) =>
      html`<text x="${(left - 6).toFixed(1)}" y="${top + (row + 0.5) * cellHeight}" dy=".35em" text-anchor="end">${site}</text>`,
  );
  const cells = placed.map((one) => {
    const [x, y] = [left + one.block * cellWidth, top + sites.indexOf(one.site) * cellHeight];
    const share = most.change > 0 ? one.change / most.change : 0;
    return html`<rect x="${x.toFixed(1)}" y="${y}" width="${cellWidth - 1}" height="${cellHeight - 1}" rx="2" fill="var(--main)" fill-opacity="${(0.05 + strongest * share).toFixed(2)}"><title>${one.name}: ${shortNumber(one.change)}</title></rect><text x="${(x + cellWidth / 2 - 0.5).toFixed(1)}" y="${y + cellHeight / 2}" dy=".35em" text-anchor="middle" style="fill:var(--ink);font-size:10px;pointer-events:none">${format(one.change)}</text>`;
  });
  const says = `${part} by site and block: most ${place(most)}, least ${place(least)}`;
  return html`<figure><figcaption>${part}${unit === "" ? "" : html` <span class="soft">in ${unit}</span>`}</figcaption><div class="scroll" tabindex="0" role="group" aria-label="${part}"><svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${says}">${columns}${rows}${cells}</svg></div></figure>`;
}

const lowest = (placed: readonly Placed[]): Placed => placed.reduce((a, b) => (b.change < a.change ? b : a));
const highest = (placed: readonly Placed[]): Placed => placed.reduce((a, b) => (b.change > a.change ? b : a));
const place = ({ change, site, block }: Placed): string =>
  `${shortNumber(change)} at ${site} of block ${block + 1}`;

/** All numbers of a map in one notation, the largest with two digits that matter; small ones as multiples of a power of ten. */
function notationOf(most: number): { readonly format: (value: number) => string; readonly unit: string } {
  const power = most > 0 ? Math.floor(Math.log10(most)) : 0;
  if (power < -3)
    return { format: (value) => (value / 10 ** power).toFixed(1), unit: `10${raised(String(power))}` };
  return { format: (value) => value.toFixed(Math.max(0, 1 - power)), unit: "" };
}
