/** The shell of every report: one HTML file with its style inside, for light and dark, that loads nothing and runs no script but its own. */

import { createHash } from "node:crypto";
import type { Notice } from "./describe-uses.ts";
import { breakable, type Html, html } from "./html.ts";

/** A fact in the margin of a report: a name and what it is. */
export type Fact = readonly [name: string, value: string];

export interface Headline {
  readonly name: string;
  readonly value: string;
  readonly unit?: string;
  /** How it came about: the images, how sure it is. */
  readonly note?: string;
}

interface Page {
  readonly title: string;
  /** What the report is about, in a line. */
  readonly subtitle: string;
  /** What must be known before any number is read. */
  readonly notices?: readonly Notice[];
  readonly headlines: readonly Headline[];
  readonly facts: readonly Fact[];
  readonly sections: readonly Html[];
  /** Runs at the end of the page, which must tell all without it. */
  readonly script?: string;
}

const style = `
:root { color-scheme: light dark; --paper: #fbfaf7; --card: #fff; --ink: #1d1f24; --soft: #5f636c; --line: #e4e1d9;
  --main: #1f6feb; --other: #c2620f; --third: #2a8f5b; --good: #1f6feb; --bad: #c93c26; --track: #eeece5; }
@media (prefers-color-scheme: dark) { :root { --paper: #14161a; --card: #1c1f24; --ink: #e8e6e1; --soft: #a3a6ae; --line: #30343b;
  --main: #6ea8fe; --other: #f0a45d; --third: #5cc48f; --good: #4c8df6; --bad: #f0694f; --track: #2a2e35; } }
* { box-sizing: border-box; }
body { margin: 0; padding: 3rem 1.5rem 4rem; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; overflow-wrap: break-word; }
main { max-width: 68rem; margin: 0 auto; }
h1 { margin: 0; font-size: 2rem; line-height: 1.15; letter-spacing: -.02em; text-wrap: balance; }
h2 { margin: 0 0 .2rem; font-size: 1.1rem; letter-spacing: -.01em; }
a { color: inherit; }
p { margin: 0; } .soft { color: var(--soft); } .subtitle { margin: .4rem 0 1.8rem; color: var(--soft); }
.notice { margin-bottom: 1.25rem; padding: .8rem 1.3rem; background: var(--card); border: 1px solid var(--line); border-left: 5px solid var(--soft); border-radius: 8px; }
.notice.warning { border-color: var(--bad); font-weight: 600; }
section { margin-top: 1.25rem; padding: 1.4rem 1.5rem 1.5rem; background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
section > .soft { margin-bottom: 1rem; font-size: .9rem; max-width: 46rem; }
.headlines { display: flex; flex-wrap: wrap; gap: 1px; overflow: hidden;
  background: var(--line); border: 1px solid var(--line); border-radius: 12px; }
.headlines div { flex: 1 1 9.5rem; padding: 1.1rem 1.3rem 1rem; background: var(--card); }
.headlines div:first-child b { color: var(--main); }
.headlines b { display: block; font-size: 1.9rem; line-height: 1.15; font-weight: 650; letter-spacing: -.025em; font-variant-numeric: tabular-nums; }
.headlines small { font-size: .55em; font-weight: 500; color: var(--soft); margin-left: .15em; letter-spacing: 0; }
.headlines span { display: block; font-size: .85rem; } .headlines em { display: block; font-style: normal; color: var(--soft); font-size: .75rem; line-height: 1.35; margin-top: .15rem; }
.facts { display: grid; padding-top: .6rem; grid-template-columns: repeat(auto-fill, minmax(min(19rem, 100%), 1fr)); gap: .9rem 1.5rem; margin: 0; }
.facts dt { color: var(--soft); font-size: .8rem; } .facts dd { margin: 0; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th { color: var(--soft); font-weight: 500; font-size: .8rem; text-align: left; padding: 0 .6rem .45rem 0; white-space: nowrap; }
td { padding: .3rem .6rem .3rem 0; border-top: 1px solid var(--line); }
thead td { border: 0; }
td.number, th.number { text-align: right; white-space: nowrap; width: 5.2rem; padding-right: 0; }
.beside td.number, .beside th.number { width: 4rem; padding-left: .8rem; }
td.bar { width: 34%; padding-right: 1rem; }
.track { height: 9px; border-radius: 5px; background: var(--track); overflow: hidden; }
.track i { display: block; height: 100%; border-radius: 5px; background: var(--main); }
details { margin-top: .8rem; } summary { cursor: pointer; color: var(--soft); margin-bottom: .6rem; }
.scroll { overflow-x: auto; } .scroll svg { display: block; } .scroll svg text { font: 11px system-ui, sans-serif; fill: var(--soft); font-variant-numeric: tabular-nums; }
.maps { display: flex; flex-wrap: wrap; gap: 1.1rem 2rem; } .maps figure { margin: 0; min-width: 0; max-width: 100%; } .maps figcaption { font-weight: 600; font-size: .9rem; margin-bottom: .3rem; } .maps figcaption .soft { font-weight: 400; }
section > .outside { margin: 1rem 0 0; } .scroll:focus-visible { outline: 2px solid var(--main); outline-offset: 3px; border-radius: 4px; }
.scroll a:hover rect, .scroll a:focus rect { stroke: var(--ink); stroke-width: 1.5; }
.gallery { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: 1.1rem; margin: 0; padding: 0; list-style: none; }
.gallery li { min-width: 0; border-radius: 8px; scroll-margin: 1rem; } .gallery li:target { outline: 2px solid var(--bad); outline-offset: 5px; }
.gallery figure { margin: 0; } .gallery .picture { aspect-ratio: 1; border-radius: 8px; background: var(--track); overflow: hidden; display: grid; place-items: center; color: var(--soft); font-size: .8rem; }
.gallery img { width: 100%; height: 100%; object-fit: contain; image-rendering: auto; }
.gallery figcaption { margin-top: .45rem; font-size: .85rem; line-height: 1.35; }
.gallery .said { color: var(--bad); font-weight: 600; } .gallery .is { font-weight: 600; }
.gallery .file { color: var(--soft); font-size: .75rem; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.gallery select { width: 100%; margin-top: .35rem; font: inherit; font-size: .8rem; color: var(--ink); background: var(--card); border: 1px solid var(--line); border-radius: 6px; }
#corrections { position: sticky; bottom: 1rem; margin-top: 1.25rem; padding: .8rem 1.2rem; background: var(--card); border: 1px solid var(--main); border-radius: 12px; font-size: .85rem; }
#corrections button { margin: 0 .6rem; font: inherit; padding: .25rem .8rem; border-radius: 6px; border: 1px solid var(--line); }
.turner { display: flex; flex-wrap: wrap; gap: .3rem; margin: 0 0 1rem; font-size: .85rem; font-variant-numeric: tabular-nums; }
.turner a { min-width: 2rem; padding: .2rem .5rem; text-align: center; text-decoration: none; border: 1px solid var(--line); border-radius: 6px; }
.turner a:hover { border-color: var(--soft); }
.page { scroll-margin: 4.5rem; } .page > .soft { margin-bottom: .7rem; font-size: .85rem; }
@media screen { @supports selector(:has(a)) {
  .page { display: none; }
  .page:target, .page:has(:target), .pages:not(:has(:target)) > .page:first-of-type { display: block; } } }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.2rem; margin: .3rem 0 1.4rem; font-size: .85rem; color: var(--soft); }
.legend i { display: inline-block; width: 14px; height: 3px; border-radius: 2px; margin-right: .45em; vertical-align: middle; } .legend .axis { margin-left: auto; }
.chart { position: relative; height: 14rem; margin: 0 .8rem 1.6rem 3.6rem; font-size: 11px; line-height: 1; color: var(--soft); font-variant-numeric: tabular-nums; }
.chart svg { display: block; width: 100%; height: 100%; overflow: visible; fill: none; stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.chart path { vector-effect: non-scaling-stroke; } .chart svg > path { stroke-width: 1; } .chart .dot { stroke-width: 5.5; }
.chart span { position: absolute; white-space: nowrap; } .chart .y { right: 100%; transform: translate(-.6em, 50%); } .chart .x { top: 100%; transform: translate(-50%, .7em); }
.chart .point { transform: translate(.7em, 50%); color: var(--ink); } .chart .point.before { transform: translate(calc(-100% - .7em), 50%); }
.stack { display: grid; gap: 1.2rem; } h3 { margin: 0 0 .3rem; font-size: .9rem; } table.wide td, table.wide th { padding-right: 1rem; width: auto; }
.chart .mark { bottom: 100%; transform: translate(-50%, -.4em); }
.beside { display: flex; flex-wrap: wrap; align-items: flex-start; gap: 1rem 2rem; } .beside > * { flex: 1 1 19rem; min-width: 0; }
.beside > .scroll { flex: 0 1 auto; } .beside > section { flex-basis: 22rem; } .charts { gap: 0 1.25rem; }
@media (max-width: 40rem) { body { padding: 1.5rem .9rem; } h1 { font-size: 1.6rem; } section { padding: 1.1rem 1rem 1.2rem; }
  .headlines div { flex-basis: 40%; padding: .9rem 1rem .8rem; } .headlines b { font-size: 1.6rem; }
  td.bar, th.bar { display: none; } td.number, th.number { width: auto; padding-left: .6rem; } th { font-size: .75rem; }
  .gallery { grid-template-columns: 1fr 1fr; gap: 1rem .8rem; } .chart { margin-left: 3.2rem; } .beside > .scroll { flex-basis: 100%; } }
@media print { body { padding: 0; } section { break-inside: auto; } .gallery li, .chart, tr { break-inside: avoid; } .turner, .gallery select, #corrections { display: none; } }
`;

/** A whole HTML document. */
export function renderPage(page: Page): string {
  const { title, subtitle, notices = [], headlines, facts, sections, script } = page;
  const tiles = headlines.map(
    ({ name, value, unit, note }) =>
      html`<div><b>${value}${unit === undefined ? "" : html`<small>${unit}</small>`}</b><span>${name}</span>${note === undefined ? "" : html`<em>${note}</em>`}</div>`,
  );
  const listed = facts.map(([name, value]) => html`<div><dt>${name}</dt><dd>${breakable(value)}</dd></div>`);
  const about =
    facts.length === 0 ? "" : html`<section><h2>About</h2><dl class="facts">${listed}</dl></section>`;
  // No resource may be loaded, whatever a name or a picture holds.
  const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'${script === undefined ? "" : `; script-src '${hashOf(script)}'`}`;
  const head = html`<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>`;
  const body = html`</style>
</head>
<body>
<main>
<h1>${breakable(title)}</h1>
<p class="subtitle">${breakable(subtitle)}</p>
${renderNotices(notices)}
<div class="headlines">${tiles}</div>
${sections}
${about}
</main>
`;
  const run = script === undefined ? "" : `<script>${script}</script>\n`;
  return `<!doctype html>\n${head.text}${style}${body.text}${run}</body>\n</html>\n`;
}

/** Only a script of this content runs, whatever a name or a picture holds. */
const hashOf = (script: string): string => `sha256-${createHash("sha256").update(script).digest("base64")}`;

/** Warnings in a box of their own, first. */
function renderNotices(notices: readonly Notice[]): readonly Html[] {
  return [true, false].flatMap((warning) => {
    const said = notices
      .filter((notice) => notice.warning === warning)
      .map(({ text }) => html`<p>${text}</p>`);
    return said.length === 0 ? [] : [html`<div class="notice${warning ? " warning" : ""}">${said}</div>`];
  });
}
