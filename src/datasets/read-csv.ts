/** Reads a table of files and labels: recognises the columns of many programs by name. */

import { FileError } from "../errors.ts";
import { showValue } from "../files/show-value.ts";
import { cellText } from "./csv-cell.ts";
import type { Split } from "./dataset.ts";
import { quoted, someOf } from "./describe-dataset.ts";
import type { ListEntry } from "./list-files.ts";
import { type CsvRow, parseCsv, type Separator, separators } from "./parse-csv.ts";
import { MAX_ROWS, tooManyRows } from "./read-list-file.ts";
import { splitNamed } from "./split-names.ts";

/** Without regard to case, spaces, `_`, `-` and a plural's s. */
const plain = (name: string): string => {
  const letters = name.toLowerCase().replace(/[\s_-]+/g, "");
  return /[^s]s$/.test(letters) ? letters.slice(0, -1) : letters;
};

/** Column names by meaning, the most certain first. */
const FILE = [
  ...["file", "filename", "filepath", "path", "image", "imagename", "imagefile", "imagefilename"],
  ...["imagepath", "img", "imgname", "imgfile", "imgpath", "picture", "photo", "fname"],
  ...["imageid", "imgid", "photoid", "fileid", "id", "name"],
].map(plain);
const LABEL = [
  ...["label", "class", "classname", "labelname", "category", "categoryname", "target", "species"],
  ...["labelid", "classid", "categoryid", "classindex", "labelindex"],
].map(plain);
const SPLIT = ["split", "set", "subset", "partition", "dataset", "phase", "usage"].map(plain);
const IS_VALID = ["isvalid", "isval", "isvalidation"].map(plain);

interface Columns {
  readonly file: number;
  /** Undefined where no name is known, and several columns could be meant. */
  readonly label: number | undefined;
  /** Whether the label column was found by elimination: Kaggle has `id,breed`. */
  readonly guessed: boolean;
  /** `train`, `val` or `test`. */
  readonly split: number | undefined;
  /** Whether the row validates, as fastai has it. */
  readonly isValid: number | undefined;
  readonly names: readonly string[];
}

export interface CsvList {
  readonly entries: () => Generator<ListEntry>;
  /** Whether a column says which split a row is of. */
  readonly hasSplits: boolean;
  /** Whether the column of the classes is not known by its name. */
  readonly guessed: boolean;
  /** Why it cannot be read, though it names files: then the entries have no labels. */
  readonly problem: FileError | undefined;
  readonly notes: readonly string[];
}

/** The table is about something else. */
export class ForeignTable extends FileError {}

/** Reads the header of a table; its rows follow when they are asked for. */
export function openCsv(text: string, path: string): CsvList {
  const separator = findSeparator(text, path);
  const [header] = parseCsv(text, { path, separator });
  const columns = findColumns(header, path);
  const { file, label, guessed, split, isValid, names } = columns;
  const used = new Set([file, label, split, isValid]);
  const unused = names.filter((name, column) => !used.has(column) && name !== "");
  return {
    entries: () => rowsOf(text, { path, separator, columns }),
    hasSplits: split !== undefined || isValid !== undefined,
    guessed,
    problem: label === undefined ? unlabelled(path, names) : undefined,
    notes: unused.length > 0 ? [`Columns of ${path} that are not used: ${someOf(unused)}.`] : [],
  };
}

/** The separator that makes most of the first line. */
export function findSeparator(text: string, path: string): Separator {
  const cells = (separator: Separator) => {
    const [header] = parseCsv(text, { path, separator });
    return header?.cells.length ?? 0;
  };
  // Under a wrong separator a quoted cell may seem out of place.
  const counts = separators.map((separator) => {
    try {
      return { separator, count: cells(separator) };
    } catch (error) {
      if (error instanceof FileError) return { separator, count: 0 };
      throw error;
    }
  });
  const [best] = counts.toSorted((a, b) => b.count - a.count);
  return best?.separator ?? ",";
}

function findColumns(header: CsvRow | undefined, path: string): Columns {
  const names = header?.cells.map((cell) => cell.trim()) ?? [];
  const plainNames = names.map(plain);
  const twice = names.find((name, at) => name !== "" && names.findIndex((one) => same(one, name)) < at);
  if (twice !== undefined)
    throw new FileError(`${path}: the first line names the column "${twice}" twice. Rename one.`);
  const first = (known: readonly string[]) => {
    const [column] = known.map((name) => plainNames.indexOf(name)).filter((at) => at !== -1);
    return column;
  };
  const splits = names.filter((name) => [...SPLIT, ...IS_VALID].includes(plain(name)));
  if (splits.length > 1)
    throw new FileError(`${path}: the columns ${quoted(splits)} all say which split a row is of. Keep one.`);
  const split = first(SPLIT);
  const isValid = first(IS_VALID);
  const rest = names.flatMap((name, at) => (name === "" || at === split || at === isValid ? [] : [at]));
  const other = (known: number | undefined) =>
    known !== undefined && rest.length === 2 ? rest.find((at) => at !== known) : undefined;
  const file = first(FILE) ?? other(first(LABEL));
  const known = first(LABEL);
  const label = known ?? other(file);
  if (file === undefined || file === label || rest.length < 2)
    throw new ForeignTable(
      `${path}: the first line must name the columns file and label, got ${showValue(someOf(names))}.`,
    );
  return { file, label, guessed: known === undefined, split, isValid, names };
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

const unlabelled = (path: string, names: readonly string[]): FileError =>
  new FileError(
    `${path} names images, but none of its columns ${quoted(names)} is known to hold their classes. Call that column label, or move the file away if it is about something else.`,
  );

interface RowParts {
  readonly path: string;
  readonly separator: Separator;
  readonly columns: Columns;
}

function* rowsOf(text: string, { path, separator, columns }: RowParts): Generator<ListEntry> {
  let rows = -1;
  for (const row of parseCsv(text, { path, separator })) {
    if (++rows > MAX_ROWS) throw tooManyRows(path);
    // Spreadsheets leave empty rows behind.
    if (rows > 0 && row.cells.some((cell) => cell.trim() !== "")) yield parseRow(row, { path, columns });
  }
}

function parseRow(
  { cells, line }: CsvRow,
  { path, columns }: { readonly path: string; readonly columns: Columns },
): ListEntry {
  const where = `${path}, line ${line}`;
  const { names } = columns;
  const given = `${where}: there are ${cells.length} cells, the first line names ${names.length} columns.`;
  if (cells.slice(names.length).some((extra) => extra.trim() !== ""))
    throw new FileError(`${given} Quote a cell that holds a comma.`);
  if (cells.length < names.length) throw new FileError(`${given} Fill in the missing cells.`);
  const cell = (column: number) => cellText((cells[column] as string).trim());
  const file = cell(columns.file);
  const label = columns.label === undefined ? "" : cell(columns.label).normalize("NFC");
  if (file === "") throw new FileError(`${where}: the file is missing.`);
  if (label === "" && columns.label !== undefined)
    throw new FileError(`${where}: the label of "${file}" is missing.`);
  const entry = { file, label, list: path, line };
  if (columns.split !== undefined)
    return { ...entry, split: parseSplit(cell(columns.split), { where, column: names[columns.split] }) };
  if (columns.isValid !== undefined)
    return {
      ...entry,
      split: parseIsValid(cell(columns.isValid), { where, column: names[columns.isValid] }),
    };
  return entry;
}

interface CellPlace {
  readonly where: string;
  readonly column: string | undefined;
}

function parseSplit(text: string, { where, column }: CellPlace): Split {
  const split = splitNamed(text);
  if (split === undefined)
    throw new FileError(`${where}: ${column} is "${text}"; it must be train, val or test.`);
  return split;
}

function parseIsValid(text: string, { where, column }: CellPlace): Split {
  if (/^(true|yes|1|t|y)$/i.test(text)) return "val";
  if (/^(false|no|0|f|n)$/i.test(text)) return "train";
  throw new FileError(`${where}: ${column} is "${text}"; it must be true or false.`);
}
