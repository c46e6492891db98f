/** How predictions are printed, one by one: a table of fixed widths, CSV, or lines of JSON. */

import { type BadImage, csvCell } from "../node.ts";
import { displayWidth, printable, renderRow, renderTitles } from "../table.ts";

export interface Prediction {
  readonly path: string;
  /** Best first. */
  readonly labels: readonly { readonly label: string; readonly probability: number }[];
  /** Whether it is probably none of them; undefined where the model cannot tell. */
  readonly unknown?: boolean | undefined;
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
  /** Whether the model can tell that an image is none of its classes. */
  readonly tellsUnknown?: boolean;
  /** Such an image gets no labels, instead of a mark beside them. */
  readonly noneOfThese?: boolean;
}

const noneOfThese = "none of these";

/** The form of a format; a table's widths are those of all the names that may come. */
export function predictionForm(format: "table" | "csv" | "jsonl", contents: Contents): PredictionForm {
  const form = format === "csv" ? csvForm : format === "jsonl" ? jsonForm : tableForm(contents);
  if (!contents.noneOfThese) return form;
  return { ...form, row: (one) => form.row(one.unknown ? { ...one, labels: [] } : one) };
}

const jsonForm: PredictionForm = {
  header: "",
  row: (prediction) => `${JSON.stringify({ type: "prediction", ...prediction })}\n`,
  skipped: skippedLines,
};

const csvForm: PredictionForm = {
  header: "file,rank,label,probability,unknown\n",
  row: ({ path, labels, unknown = "" }) =>
    rowsOf(labels)
      .map(
        ({ label, probability = "" }, rank) =>
          `${csvCell(path)},${rank + 1},${csvCell(label)},${probability},${unknown}\n`,
      )
      .join(""),
  skipped: () => "",
};

/** An image without labels is none of these. */
const rowsOf = (labels: Prediction["labels"]): readonly { label: string; probability?: number }[] =>
  labels.length > 0 ? labels : [{ label: noneOfThese }];

/** Beside the first label of an image that is probably none of them. */
const doubtMark = `${noneOfThese}?`;

const mostPath = 60;
const leastPath = 16;
const mostLabel = 40;

function tableForm(contents: Contents): PredictionForm {
  const { files, labels, columns: space, tellsUnknown = false } = contents;
  const label = widthOf(["label", ...(contents.noneOfThese ? [noneOfThese] : []), ...labels], mostLabel);
  const marks = tellsUnknown && !contents.noneOfThese ? [{ title: "", width: doubtMark.length }] : [];
  const taken = label + "probability".length + marks.reduce((sum, { width }) => sum + 2 + width, 0);
  // Two spaces stand between columns, and the terminal's last stays free.
  const left = space === undefined ? mostPath : space - 1 - taken - 4;
  const path = Math.max(leastPath, Math.min(mostPath, left));
  const columns = [
    { title: "image", width: widthOf(["image", ...files], path) },
    { title: "label", width: label },
    { title: "probability", width: "probability".length, align: "right" },
    ...marks,
  ] as const;
  const [{ width }] = columns;
  return {
    header: renderTitles(columns)
      .map((line) => `${line}\n`)
      .join(""),
    row: ({ path, labels: best, unknown }) =>
      rowsOf(best)
        .map(({ label, probability }, rank) => {
          const image = rank === 0 ? endOf(path, width) : "";
          const sure = probability === undefined ? "" : `${(100 * probability).toFixed(1)} %`;
          const mark = unknown && rank === 0 ? doubtMark : "";
          return `${renderRow(columns, [image, label, sure, ...marks.map(() => mark)])}\n`;
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
