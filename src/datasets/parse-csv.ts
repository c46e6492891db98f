/** Separated values as in RFC 4180: quotes, doubled quotes, separators and line breaks inside quotes. */

import { FileError } from "../errors.ts";
import { limits } from "../limits.ts";

export interface CsvRow {
  readonly cells: readonly string[];
  /** The line on which the row begins, counted from 1. */
  readonly line: number;
}

export interface CsvOptions {
  /** Names the text in messages. */
  readonly path: string;
  readonly separator?: Separator;
}

/** What spreadsheets write: commas, semicolons where a comma is the decimal point, tabs. */
export const separators = [",", ";", "\t"] as const;
export type Separator = (typeof separators)[number];

const MAX_CELLS = limits.MAX_CELLS.value;

interface Cell {
  readonly value: string;
  /** Where the separator, the line break or the end of the text is. */
  readonly end: number;
}

/** Searched for, not matched as `[^…]*`: a pattern that long would overflow the stack on a hostile file. */
const STOPS: Readonly<Record<Separator, RegExp>> = {
  ",": /[",\r\n]/g,
  ";": /[";\r\n]/g,
  "\t": /["\t\r\n]/g,
};

function plainCell(text: string, start: number, stop: RegExp): Cell {
  stop.lastIndex = start;
  const end = stop.exec(text)?.index ?? text.length;
  return { value: text.slice(start, end), end };
}

/** The cell whose opening quote is at `start`; undefined where it never closes. */
function quotedCell(text: string, start: number): Cell | undefined {
  let close = text.indexOf('"', start + 1);
  while (close !== -1 && text[close + 1] === '"') close = text.indexOf('"', close + 2);
  if (close === -1) return undefined;
  return { value: text.slice(start + 1, close).replaceAll('""', '"'), end: close + 1 };
}

function countLineBreaks(text: string): number {
  let count = 0;
  for (const _ of text.matchAll(/\r\n|\n|\r/g)) count++;
  return count;
}

/** All rows of `text` but empty lines, one after another, so that a caller can stop at a limit of its own. */
export function* parseCsv(text: string, { path, separator = "," }: CsvOptions): Generator<CsvRow> {
  const stops = STOPS[separator];
  let cells: string[] = [];
  let line = 1;
  let begin = 1;
  for (let at = 0; at < text.length || cells.length > 0; ) {
    const quoted = text[at] === '"';
    const cell = quoted ? quotedCell(text, at) : plainCell(text, at, stops);
    const stop = cell === undefined ? undefined : text[cell.end];
    if (cell === undefined || (stop !== undefined && stop !== separator && stop !== "\r" && stop !== "\n"))
      throw new FileError(
        `${path}, line ${line}: a quote is open or out of place. Quotes go around a whole cell, and "" is one inside.`,
      );
    if (cells.push(cell.value) > MAX_CELLS)
      throw new FileError(
        `${path}, line ${line}: the row has more than ${MAX_CELLS} cells, which is the limit.`,
      );
    if (quoted) line += countLineBreaks(cell.value);
    at = cell.end + 1;
    if (stop === separator) continue;
    if (stop === "\r" && text[at] === "\n") at++;
    line++;
    if (cells.length > 1 || cells[0] !== "") yield { cells, line: begin };
    cells = [];
    begin = line;
  }
}
