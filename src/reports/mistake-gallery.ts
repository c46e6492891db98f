/** Every mistake of an evaluation with its picture, in pages that turn without a script: a link shows its target's page. */

import { basename } from "node:path";
import type { Mistake } from "../predict/metrics.ts";
import { confusedPairs } from "./confused-pairs.ts";
import type { LinkTo } from "./confusion-map.ts";
import { attributeJson, type ImageName } from "./corrections.ts";
import type { Evaluation } from "./evaluation.ts";
import { breakable, type Html, html } from "./html.ts";

/** A mistake, the file it was made on, and a picture of it where one could be made. */
export interface PicturedMistake extends Mistake {
  readonly path: string;
  /** A data URI. */
  readonly thumbnail: string | undefined;
  /** By which a correction of its label names it. */
  readonly name?: ImageName | undefined;
}

/** About 5 kB each: a page of 5 MB still opens at once. The surest come first; the others are listed by name. */
export const mostPictures = 1000;
const perPage = 48;
const surest = 12;

export interface Gallery {
  readonly sections: readonly Html[];
  /** The first picture of each pair of classes. */
  readonly linkTo: LinkTo;
}

/** `mistakes` are all there are, the surest first. */
export function renderGallery(
  { metrics, classes }: Evaluation,
  mistakes: readonly PicturedMistake[],
): Gallery {
  const broken =
    metrics.broken === 0
      ? ""
      : ` ${metrics.broken} more gave logits that are not finite; they count as wrong and are not shown.`;
  if (mistakes.length === 0)
    return {
      sections: [
        html`<section><h2>No mistakes</h2><p class="soft">Every image whose logits are finite got its own label.${broken}</p></section>`,
      ],
      linkTo: () => undefined,
    };
  const place = new Map(confusedPairs(metrics).map((pair, index) => [keyOf(pair), index]));
  const order = (one: Mistake): number => place.get(keyOf(one)) ?? place.size;
  const pictured = mistakes.slice(0, mostPictures).toSorted((a, b) => order(a) - order(b));
  const firsts = new Map(pictured.toReversed().map((one) => [keyOf(one), idOf(one)]));
  const total = `${mistakes.length.toLocaleString("en")} of ${metrics.examples.toLocaleString("en")} images`;
  const few = mistakes.length <= surest;
  const first = mistakes
    .slice(0, surest)
    .map((one) => (few ? renderItem(one, classes) : html`<li>${renderMistake(one, classes)}</li>`));
  const says = few
    ? `${total} got a wrong label; first those whose own class was thought least likely.`
    : `Of ${total} that got a wrong label, those whose own class was thought least likely.`;
  const top = html`<section><h2>${few ? "Mistakes" : "Surest mistakes"}</h2><p class="soft">${says}${broken}</p><ul class="gallery">${first}</ul></section>`;
  const items = pictured.map((one) => renderItem(one, classes));
  const rest = renderRest(mistakes.slice(mostPictures), classes);
  const all = html`<section><h2>All mistakes</h2><p class="soft">The most frequent confusions first.</p>${renderPages(items)}${rest}</section>`;
  return {
    sections: few ? [top] : [top, all],
    linkTo: (label, predicted) => firsts.get(keyOf({ label, predicted })),
  };
}

/** A picture that links lead to. */
const renderItem = (one: PicturedMistake, classes: readonly string[]): Html =>
  html`<li id="${idOf(one)}">${renderMistake(one, classes)}</li>`;

const keyOf = ({ label, predicted }: Pick<Mistake, "label" | "predicted">): string => `${label} ${predicted}`;
const idOf = ({ example }: Mistake): string => `image-${example}`;

function renderPages(items: readonly Html[]): Html {
  const count = Math.ceil(items.length / perPage);
  if (count === 1) return html`<ul class="gallery">${items}</ul>`;
  const numbers = Array.from({ length: count }, (_, index) => index);
  const links = numbers.map((page) => html`<a href="#page-${page + 1}">${page + 1}</a>`);
  const pages = numbers.map(
    (page) =>
      html`<div class="page" id="page-${page + 1}"><p class="soft">Page ${page + 1} of ${count}</p><ul class="gallery">${items.slice(perPage * page, perPage * (page + 1))}</ul></div>`,
  );
  return html`<nav class="turner" aria-label="Pages of mistakes">${links}</nav><div class="pages">${pages}</div>`;
}

function renderMistake(one: PicturedMistake, classes: readonly string[]): Html {
  const [said, own] = [classes[one.predicted] ?? "", classes[one.label] ?? ""];
  const picture =
    one.thumbnail === undefined
      ? html`no picture`
      : html`<img src="${one.thumbnail}" alt="${own}, taken for ${said}: ${basename(one.path)}" loading="lazy">`;
  const { label, predicted, name } = one;
  const named = name ? html` data-image="${attributeJson({ ...name, label, predicted })}"` : "";
  return html`<figure${named}><div class="picture">${picture}</div><figcaption><span class="said">${breakable(said)}</span> ${percent(one.predictedProbability)}<br><span class="soft">is</span> <span class="is">${breakable(own)}</span> <span class="soft">${percent(one.labelProbability)}</span><div class="file" title="${one.path}">${basename(one.path)}</div></figcaption></figure>`;
}

function renderRest(rest: readonly PicturedMistake[], classes: readonly string[]): Html | string {
  if (rest.length === 0) return "";
  const rows = rest.map(
    (one) =>
      html`<tr><td>${breakable(one.path)}</td><td>${breakable(classes[one.label] ?? "")}</td><td>${breakable(classes[one.predicted] ?? "")}</td></tr>`,
  );
  return html`<details><summary>${rest.length.toLocaleString("en")} more, without pictures</summary><table><thead><tr><th>file</th><th>class</th><th>taken for</th></tr></thead><tbody>${rows}</tbody></table></details>`;
}

/** One more digit where whole percents would say 0 or 100. */
const percent = (probability: number): string =>
  `${(100 * probability).toFixed(probability > 0.995 || probability < 0.01 ? 1 : 0)}\u00a0%`;
