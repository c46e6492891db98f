/** Reads corrections of labels: what a reader of an evaluation's report saved, or a table written by hand. */

import { FileError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import { limits } from "../limits.ts";
import { cellText } from "./csv-cell.ts";
import { quoted } from "./describe-dataset.ts";
import { parseCsv } from "./parse-csv.ts";
import { findSeparator } from "./read-csv.ts";

export const correctionColumns = ["file", "sha256", "old_label", "action", "new_label"] as const;
type Column = (typeof correctionColumns)[number];

/** Keep the label that it has, give it another, or leave the image out. */
export const correctionActions = ["keep", "relabel", "remove"] as const;
export type CorrectionAction = (typeof correctionActions)[number];

export interface Correction {
  /** The image, relative to the data, with `/`. */
  readonly file: string;
  /** Of its content when it was looked at, in hexadecimal; may be left out. */
  readonly sha256: string | undefined;
  /** The label that it had then; may be left out. */
  readonly oldLabel: string | undefined;
  readonly action: CorrectionAction;
  /** With `relabel`. */
  readonly newLabel: string | undefined;
  /** The line, for messages. */
  readonly line: number;
}

const MAX_ROWS = limits.MAX_CORRECTIONS.value;

/** All corrections of `text`, which came from `path`. */
export function parseCorrections(text: string, path: string): readonly Correction[] {
  const rows = parseCsv(text, { path, separator: findSeparator(text, path) });
  const header = rows.next();
  const names = header.done ? [] : header.value.cells.map((cell) => cell.trim().toLowerCase());
  const columns = findColumns(names, path);
  const corrections: Correction[] = [];
  for (const { cells, line } of rows) {
    // Spreadsheets leave empty rows behind.
    if (cells.every((cell) => cell.trim() === "")) continue;
    if (corrections.length === MAX_ROWS)
      throw new FileError(`${path} has more than ${MAX_ROWS} corrections, which is the limit.`);
    const given = (column: Column): string => cellText(cells[columns[column] ?? -1] ?? "");
    corrections.push(parseCorrection(given, { where: `${path}, line ${line}`, line }));
  }
  if (corrections.length === 0) throw new FileError(`${path} holds no corrections.`);
  return corrections;
}

function findColumns(names: readonly string[], path: string): Partial<Record<Column, number>> {
  const found = correctionColumns.flatMap((column) => {
    const at = names.indexOf(column);
    return at === -1 ? [] : [[column, at] as const];
  });
  const columns: Partial<Record<Column, number>> = Object.fromEntries(found);
  const missing = (["file", "action", "new_label"] as const).filter(
    (column) => columns[column] === undefined,
  );
  if (missing.length > 0)
    throw new FileError(
      `${path}: the first line must name the columns ${correctionColumns.join(", ")}, but ${quoted(missing)} ${missing.length === 1 ? "is" : "are"} missing. Save corrections from a report of rlrr evaluate --report.`,
    );
  return columns;
}

function parseCorrection(
  given: (column: Column) => string,
  { where, line }: { readonly where: string; readonly line: number },
): Correction {
  const [file, sha256, oldLabel, action, newLabel] = correctionColumns.map(given) as [
    ...[string, string, string, string, string],
  ];
  const label = (text: string) => (text.trim() === "" ? undefined : text.trim().normalize("NFC"));
  const known = correctionActions.find((one) => one === action.trim().toLowerCase());
  if (file === "") throw new FileError(`${where}: the file is missing.`);
  if (known === undefined)
    throw new FileError(
      `${where}: the action must be ${correctionActions.join(", ")}, got ${showValue(action)}.`,
    );
  if (known === "relabel" && label(newLabel) === undefined)
    throw new FileError(`${where}: the new label of ${showValue(file)} is missing.`);
  const hash = sha256.trim().toLowerCase();
  if (hash !== "" && !/^[0-9a-f]{64}$/.test(hash))
    throw new FileError(`${where}: sha256 must have 64 hexadecimal digits, got ${showValue(sha256)}.`);
  return {
    ...{ file, action: known, line, sha256: hash || undefined, oldLabel: label(oldLabel) },
    newLabel: known === "relabel" ? label(newLabel) : undefined,
  };
}
