/** Text and JSON lists: the files of a split and their labels, one entry after another. */

import { FileError } from "../errors.ts";
import { parseJson } from "../files/read-json.ts";
import { showValue } from "../files/show-value.ts";
import type { Split } from "./dataset.ts";
import { MAX_ROWS, tooManyRows } from "./read-list-file.ts";

export interface ListEntry {
  /** As written in the list. */
  readonly file: string;
  readonly label: string;
  /** The path of the list. */
  readonly list: string;
  /** In a text; JSON has none. */
  readonly line?: number;
  /** Where the list says it for each file. */
  readonly split?: Split;
}

/** `flowers/train.txt, line 3`. */
export const whereIs = ({ list, line, file }: ListEntry): string =>
  line === undefined ? `${list}, ${showValue(file)}` : `${list}, line ${line}`;

/** The VTAB-1k layout: `path label` lines. The label is the last word, so that paths may hold spaces. */
export function* parseTextList(text: string, list: string): Generator<ListEntry> {
  let line = 0;
  let rows = 0;
  for (let from = 0; from < text.length; ) {
    const found = text.indexOf("\n", from);
    const end = found === -1 ? text.length : found;
    const words = text.slice(from, end).trim();
    from = end + 1;
    line++;
    if (words === "") continue;
    if (++rows > MAX_ROWS) throw tooManyRows(list);
    const [label] = /\d{1,9}$/.exec(words) ?? [""];
    const rest = words.slice(0, words.length - label.length);
    const file = rest.trim();
    if (file === "" || label === "" || file === rest)
      throw new FileError(
        `${list}, line ${line}: expected a path and a whole number, got ${showValue(words)}.`,
      );
    yield { file, label, list, line };
  }
}

/** The FGVC layout: one object of `{ "path": class id }`. */
export function* parseJsonList(text: string, list: string): Generator<ListEntry> {
  if (countParts(text) > MAX_ROWS) throw tooManyRows(list);
  const value = parseJson(text, list);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new FileError(`${list}: expected one object of "image path": class id.`);
  for (const [file, id] of Object.entries(value)) {
    if ((typeof id !== "string" || id === "") && !Number.isSafeInteger(id))
      throw new FileError(
        `${list}, ${showValue(file)}: a class id is a whole number or a name, got ${showValue(id)}.`,
      );
    yield { file, label: String(id).normalize("NFC"), list };
  }
}

/** About how many values a JSON text makes: parsing millions of small ones would fill the memory before they can be counted. */
function countParts(text: string): number {
  const part = /[,[{]/g;
  let count = 0;
  while (count <= MAX_ROWS && part.test(text)) count++;
  return count;
}
