/** A cell of CSV that no spreadsheet runs as a formula, and that reads back as it was: https://owasp.org/www-community/attacks/CSV_Injection. */

/** What a spreadsheet would run. Those ' in front count too, so that taking one away gives back what was written. */
export const formulaStart = /^'*[=+\-@\t\r\n＝＋－＠]/;

/** What RFC 4180 puts in quotes. */
export const needsQuotes = /[",\r\n]/;

/** A text that a spreadsheet would run as a formula gets a ' in front; quotes go around a comma, quote or line break. */
export function csvCell(text: string): string {
  const safe = formulaStart.test(text) ? `'${text}` : text;
  return needsQuotes.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

/** The text of a cell, without the ' in front of what would be a formula. */
export const cellText = (cell: string): string =>
  cell.startsWith("'") && formulaStart.test(cell) ? cell.slice(1) : cell;
