/** A study's table as Markdown and as a page of HTML, both from the same sections. */

import { type Html, html } from "../reports/html.ts";
import { renderPage } from "../reports/report-page.ts";
import type { Section, StudyReport } from "./study-report.ts";
import { studySections } from "./study-sections.ts";

/** The table for a README or a paper's notes. */
export function renderStudyMarkdown(report: StudyReport): string {
  const { title, warnings, paragraphs, sections } = studySections(report);
  const parts = [
    `# ${title}`,
    ...warnings.map((text) => `> **${text}**`),
    ...paragraphs,
    ...sections.flatMap((section) => [`## ${section.title}`, section.note, markdownTable(section)]),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function markdownTable({ columns, rows }: Section): string {
  const line = (cells: readonly string[]) => `| ${cells.map(cellText).join(" | ")} |`;
  const rule = `|${columns.map(({ number }) => (number ? "---:" : "---")).join("|")}|`;
  return [line(columns.map(({ title }) => title)), rule, ...rows.map(line)].join("\n");
}

/** Names come from strangers: nothing of theirs ends a cell or begins markup. */
const cellText = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Bidi_C}\u2028\u2029]/gu, "\ufffd")
    .replace(/[|<>\\`*_[\]]/g, (character) => `\\${character}`);

/** The same as a page that loads nothing. */
export function renderStudyHtml(report: StudyReport): string {
  const { title, subtitle, warnings, paragraphs, sections } = studySections(report);
  return renderPage({
    ...{ title, subtitle, headlines: [], facts: [] },
    notices: [
      ...warnings.map((text) => ({ warning: true, text })),
      ...paragraphs.map((text) => ({ warning: false, text })),
    ],
    sections: sections.map(htmlSection),
  });
}

function htmlSection({ title, note, columns, rows }: Section): Html {
  const head = columns.map((column) =>
    column.number ? html`<th class="number">${column.title}</th>` : html`<th>${column.title}</th>`,
  );
  const body = rows.map(
    (cells) =>
      html`<tr>${cells.map((cell, index) => (columns[index]?.number ? html`<td class="number">${cell}</td>` : html`<td>${cell}</td>`))}</tr>`,
  );
  return html`<section><h2>${title}</h2>${note === "" ? "" : html`<p class="soft">${note}</p>`}<div class="scroll" tabindex="0"><table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div></section>`;
}
