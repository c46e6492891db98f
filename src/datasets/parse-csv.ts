/** Comma-separated values as in RFC 4180: quotes, doubled quotes, commas and line breaks inside quotes. */

import { FileError } from "../errors.ts";

export interface CsvRow {
  readonly cells: readonly string[];
  /** The line on which the row begins, counted from 1. */
  readonly line: number;
}

interface Cell {
  readonly value: string;
  /** Where the comma, the line break or the end of the text is. */
  readonly end: number;
}

/** Searched for, not matched as `[^…]*`: a pattern that long would overflow the stack on a hostile file. */
const STOP = /[",\r\n]/g;

function plainCell(text: string, start: number): Cell {
  STOP.lastIndex = start;
  const end = STOP.exec(text)?.index ?? text.length;
  return { value: text.slice(start, end), end };
}

/** The cell whose opening quote is at `start`; undefined where it never closes. */
function quotedCell(text: string, start: number): Cell | undefined {
  let close = text.indexOf('"', start + 1);
  while (close !== -1 && text[close + 1] === '"') close = text.indexOf('"', close + 2);
  if (close === -1) return undefined;
  return { value: text.slice(start + 1, close).replaceAll('""', '"'), end: close + 1 };
}

const lineBreaks = (text: string): number => text.match(/\r\n|\n|\r/g)?.length ?? 0;

/** All rows of `text` but empty lines; `path` names it in messages. */
export function parseCsv(text: string, path: string): readonly CsvRow[] {
  const rows: CsvRow[] = [];
  let cells: string[] = [];
  let line = 1;
  let begin = 1;
  for (let at = 0; at < text.length || cells.length > 0; ) {
    const cell = text[at] === '"' ? quotedCell(text, at) : plainCell(text, at);
    const stop = cell === undefined ? undefined : text[cell.end];
    if (cell === undefined || (stop !== undefined && !",\r\n".includes(stop)))
      throw new FileError(
        `${path}, line ${line}: a quote is open or out of place. Quotes go around a whole cell, and "" is one inside.`,
      );
    cells.push(cell.value);
    const next = text.startsWith("\r\n", cell.end) ? cell.end + 2 : cell.end + 1;
    line += lineBreaks(text.slice(at, next));
    at = next;
    if (stop === ",") continue;
    if (cells.length > 1 || cells[0] !== "") rows.push({ cells, line: begin });
    cells = [];
    begin = line;
  }
  return rows;
}
