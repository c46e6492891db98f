/** A CSV file with the columns file, label and perhaps split; paths are relative to its folder. */

import { dirname } from "node:path";
import { FileError } from "../errors.ts";
import type { Split } from "./dataset.ts";
import { datasetFromLists, type ListEntry } from "./dataset-from-lists.ts";
import { type CsvRow, parseCsv } from "./parse-csv.ts";
import type { Found } from "./read-class-folders.ts";
import { readListFile } from "./read-list-file.ts";
import { splitNamed } from "./read-split-folders.ts";

interface Columns {
  readonly file: number;
  readonly label: number;
  /** -1 where there is none. */
  readonly split: number;
  readonly count: number;
}

/** Where the columns are, or undefined where `file` or `label` is lacking. */
export function findColumns(header: CsvRow | undefined): Columns | undefined {
  const names = header?.cells.map((cell) => cell.trim().toLowerCase()) ?? [];
  const [file = -1, label = -1, split = -1] = ["file", "label", "split"].map((name) => names.indexOf(name));
  return file === -1 || label === -1 ? undefined : { file, label, split, count: names.length };
}

function parseRow({ cells, line }: CsvRow, columns: Columns, path: string): ListEntry & { split: Split } {
  const where = `${path}, line ${line}`;
  if (cells.slice(columns.count).some((extra) => extra.trim() !== ""))
    throw new FileError(
      `${where}: there are ${cells.length} cells, the first line names ${columns.count} columns. Quote a cell that holds a comma.`,
    );
  const cell = (column: number) => cells[column]?.trim() ?? "";
  const file = cell(columns.file);
  const label = cell(columns.label).normalize("NFC");
  if (file === "") throw new FileError(`${where}: the file is missing.`);
  if (label === "") throw new FileError(`${where}: the label of "${file}" is missing.`);
  if (columns.split === -1) return { file, label, where, split: "train" };
  const split = splitNamed(cell(columns.split));
  if (split === undefined)
    throw new FileError(`${where}: split is "${cell(columns.split)}"; it must be train, val or test.`);
  return { file, label, where, split };
}

/** Reads the CSV file at `path`. Without a split column all of it is `train`. */
export async function readCsvList(
  path: string,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<Found> {
  const [header, ...rows] = parseCsv(await readListFile(path), path);
  const columns = findColumns(header);
  if (columns === undefined) {
    const got = (header?.cells ?? []).slice(0, 8).join(",");
    const semicolons = got.includes(";") ? " Separate them by commas." : "";
    throw new FileError(
      `${path}: the first line must name the columns file and label, got "${got.slice(0, 80)}".${semicolons}`,
    );
  }
  const entries = rows.map((row) => parseRow(row, columns, path));
  const of = (split: Split) => entries.filter((entry) => entry.split === split);
  return datasetFromLists(
    dirname(path),
    { train: of("train"), val: of("val"), test: of("test") },
    { signal },
  );
}
