/** Aligned text tables for the terminal, measured in columns rather than characters. */

export interface Column {
  readonly title: string;
  /** Numbers read best on the right. Default left. */
  readonly align?: "left" | "right";
  /** Longer cells are cut with "…". Default 40. */
  readonly maxWidth?: number;
}

const graphemes = new Intl.Segmenter("en", { granularity: "grapheme" });

/** Scripts and symbols that terminals draw two columns wide (Unicode's East Asian Width W and F, coarsely). */
const wide =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}|\ufe0f/u;

/** Text that can not move the cursor or change colours: control and direction characters become "�". */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Bidi_C}\u2028\u2029]/gu, "\ufffd");
}

/** How many columns a terminal needs for a text without control characters. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const { segment } of graphemes.segment(text)) width += graphemeWidth(segment);
  return width;
}

function graphemeWidth(grapheme: string): number {
  if (/^[\p{Mn}\p{Me}\p{Cf}]+$/u.test(grapheme)) return 0;
  return wide.test(grapheme) ? 2 : 1;
}

/** The text itself where it fits into `width` columns, else its beginning and "…". */
export function fitText(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  let kept = "";
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    used += graphemeWidth(segment);
    if (used > width - 1) break;
    kept += segment;
  }
  return width < 1 ? "" : `${kept}…`;
}

/** The same with "…" in the middle: names that begin alike often differ at their ends. */
export function fitMiddle(text: string, width: number): string {
  if (displayWidth(text) <= width || width < 3) return fitText(text, width);
  const beginning = fitText(text, Math.ceil(width / 2));
  let kept = "";
  for (const { segment } of [...graphemes.segment(text)].reverse()) {
    if (displayWidth(segment + kept) > width - displayWidth(beginning)) break;
    kept = segment + kept;
  }
  return beginning + kept;
}

/** Pads with spaces up to `width` columns. */
export function padText(
  text: string,
  { width, align = "left" }: { width: number; align?: "left" | "right" },
): string {
  const spaces = " ".repeat(Math.max(0, width - displayWidth(text)));
  return align === "left" ? text + spaces : spaces + text;
}

interface TableOptions {
  readonly indent?: number;
}

/** A table with a line of titles, a rule, and one line per row; without a line break at the end. */
export function renderTable(
  columns: readonly Column[],
  rows: readonly (readonly (string | number)[])[],
  { indent = 0 }: TableOptions = {},
): string {
  const fitted = columns.map((column, index) => {
    const cells = [column.title, ...rows.map((row) => String(row[index] ?? ""))];
    const shown = cells.map((cell) => fitText(printable(cell), column.maxWidth ?? 40));
    return { ...column, width: shown.reduce((widest, cell) => Math.max(widest, displayWidth(cell)), 0) };
  });
  const lines = [...renderTitles(fitted), ...rows.map((row) => renderRow(fitted, row))];
  return lines.map((line) => " ".repeat(line === "" ? 0 : indent) + line).join("\n");
}

/** A column whose width is known before its rows are. */
export interface FixedColumn extends Omit<Column, "maxWidth"> {
  readonly width: number;
}

/** The line of titles and the rule of a table whose rows come one by one. */
export const renderTitles = (columns: readonly FixedColumn[]): readonly string[] => [
  renderRow(
    columns,
    columns.map(({ title }) => title),
  ),
  columns.map(({ width }) => "─".repeat(width)).join("  "),
];

/** One row; cells that are missing stay empty. */
export const renderRow = (columns: readonly FixedColumn[], row: readonly (string | number)[]): string =>
  columns
    .map(({ width, align = "left" }, index) =>
      padText(fitText(printable(String(row[index] ?? "")), width), { width, align }),
    )
    .join("  ")
    .trimEnd();
