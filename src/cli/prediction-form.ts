/** How predictions are printed, one by one: a table of fixed widths, CSV, or lines of JSON. */

import type { BadImage } from "../node.ts";
import { displayWidth, printable, renderRow, renderTitles } from "../table.ts";

export interface Prediction {
  readonly path: string;
  /** Best first. */
  readonly labels: readonly { readonly label: string; readonly probability: number }[];
}

export interface PredictionForm {
  /** What comes before the first row; may be empty. */
  readonly header: string;
  /** Whole lines. */
  readonly row: (prediction: Prediction) => string;
  /** What only programs are told here; people are told on standard error. */
  readonly skipped: (bad: readonly BadImage[]) => string;
}

interface Contents {
  readonly files: readonly string[];
  readonly labels: readonly string[];
  /** Of the terminal; without one, a table may be as wide as it likes. */
  readonly columns?: number | undefined;
}

/** The form of a format; a table's widths are those of all the names that may come. */
export function predictionForm(format: "table" | "csv" | "jsonl", contents: Contents): PredictionForm {
  if (format === "csv") return csvForm;
  return format === "jsonl" ? jsonForm : tableForm(contents);
}

const jsonForm: PredictionForm = {
  header: "",
  row: (prediction) => `${JSON.stringify({ type: "prediction", ...prediction })}\n`,
  skipped: skippedLines,
};

const csvForm: PredictionForm = {
  header: "file,rank,label,probability\n",
  row: ({ path, labels }) =>
    labels
      .map(
        ({ label, probability }, rank) => `${csvCell(path)},${rank + 1},${csvCell(label)},${probability}\n`,
      )
      .join(""),
  skipped: () => "",
};

/**
 * RFC 4180: quoted where a comma, quote or line break is inside. A text that a spreadsheet would run as a formula gets
 * a ' in front: https://owasp.org/www-community/attacks/CSV_Injection.
 */
export function csvCell(text: string): string {
  const safe = /^[=+\-@\t\r\n＝＋－＠]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const mostPath = 60;
const leastPath = 16;
const mostLabel = 40;

function tableForm({ files, labels, columns: space }: Contents): PredictionForm {
  const label = widthOf(["label", ...labels], mostLabel);
  // Two spaces stand between columns, and the terminal's last stays free.
  const left = space === undefined ? mostPath : space - 1 - label - "probability".length - 4;
  const path = Math.max(leastPath, Math.min(mostPath, left));
  const columns = [
    { title: "image", width: widthOf(["image", ...files], path) },
    { title: "label", width: label },
    { title: "probability", width: "probability".length, align: "right" },
  ] as const;
  const [{ width }] = columns;
  return {
    header: renderTitles(columns)
      .map((line) => `${line}\n`)
      .join(""),
    row: ({ path, labels: best }) =>
      best
        .map(({ label, probability }, rank) => {
          const image = rank === 0 ? endOf(path, width) : "";
          return `${renderRow(columns, [image, label, `${(100 * probability).toFixed(1)} %`])}\n`;
        })
        .join(""),
    skipped: () => "",
  };
}

const widthOf = (texts: readonly string[], most: number): number =>
  texts.reduce((widest, text) => Math.max(widest, Math.min(most, displayWidth(printable(text)))), 0);

/** Of a long path the end tells more. */
function endOf(path: string, width: number): string {
  if (displayWidth(path) <= width) return path;
  const characters = [...path];
  while (displayWidth(characters.join("")) > width - 1) characters.shift();
  return `…${characters.join("")}`;
}

/** For programs: a line of JSON for each image that was left out. */
export function skippedLines(bad: readonly BadImage[]): string {
  return bad.map(({ path, reason }) => `${JSON.stringify({ type: "skipped", path, reason })}\n`).join("");
}
